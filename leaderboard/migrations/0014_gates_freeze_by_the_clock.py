from django.db import migrations


def freeze_by_the_clock(apps, schema_editor):
    """The gates of rounds that are under way freeze when the rounds do."""
    for contest in apps.get_model('leaderboard', 'Round').objects.filter(state__in=['open', 'frozen']):
        apps.get_model('arena', 'Gate').objects.filter(pk=contest.gate_id).update(freezes_at=contest.freezes_at)


class Migration(migrations.Migration):

    dependencies = [
        ('arena', '0009_gates_freeze_by_the_clock'),
        ("leaderboard", "0013_gates_close_by_the_clock"),
    ]

    operations = [
        migrations.RunPython(freeze_by_the_clock, migrations.RunPython.noop),
    ]
