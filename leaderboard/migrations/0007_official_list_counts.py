from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def count_listed(apps, schema_editor):
    """Until now nothing stood still: the public board was the newest."""
    boards = apps.get_model('leaderboard', 'Board').objects.filter(id=OuterRef('board_id'))
    apps.get_model('leaderboard', 'OfficialList').objects.update(
        votes=Subquery(boards.values('votes')), position=Subquery(boards.values('position'))
    )


class Migration(migrations.Migration):

    dependencies = [
        ('leaderboard', '0006_margins'),
    ]

    operations = [
        migrations.AddField(
            model_name='officiallist',
            name='votes',
            field=models.PositiveBigIntegerField(default=0, help_text='Counted votes by that midnight.'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='officiallist',
            name='position',
            field=models.PositiveBigIntegerField(default=0, help_text='The last vote by that midnight.'),
            preserve_default=False,
        ),
        migrations.RunPython(count_listed, migrations.RunPython.noop),
    ]
