from django.db import migrations


def close_by_the_clock(apps, schema_editor):
    """The gates of rounds that are under way close at the rounds' ends."""
    for contest in apps.get_model('leaderboard', 'Round').objects.filter(state__in=['open', 'frozen']):
        apps.get_model('arena', 'Gate').objects.filter(pk=contest.gate_id).update(closes_at=contest.ends_at)


class Migration(migrations.Migration):

    dependencies = [
        ('arena', '0008_gates_close_by_the_clock'),
        ('leaderboard', '0012_fixed_entries'),
    ]

    operations = [
        migrations.RunPython(close_by_the_clock, migrations.RunPython.noop),
    ]
