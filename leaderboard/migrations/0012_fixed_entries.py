from django.db import migrations
from django.db.models import Min


def fix_entries(apps, schema_editor):
    """Who takes part in a round that has opened is fixed since then."""
    parts = apps.get_model('leaderboard', 'Participation').objects.exclude(round__state__in=['draft', 'scheduled'])
    for entry, opened in parts.values_list('entry_id').annotate(opened=Min('round__opens_at')):
        apps.get_model('inference', 'Entry').objects.filter(pk=entry, frozen_at=None).update(frozen_at=opened)


class Migration(migrations.Migration):

    dependencies = [
        ('inference', '0002_provenance'),
        ('leaderboard', '0011_participations'),
    ]

    operations = [migrations.RunPython(fix_entries, migrations.RunPython.noop)]
