import django.db.models.functions.datetime
from django.db import migrations, models


def withdraw_waiting(apps, schema_editor):
    """Backward there is no such state, and of what waits nothing has happened yet."""
    apps.get_model("arena", "Turn").objects.filter(state="waiting").delete()


class Migration(migrations.Migration):

    dependencies = [
        ("arena", "0012_ticks_of_both_sides"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='turn',
            name='turn_streams_one_at_a_time',
        ),
        migrations.RemoveConstraint(
            model_name='turn',
            name='turn_state_is_known',
        ),
        migrations.RemoveConstraint(
            model_name='turn',
            name='turn_ends_when_it_stops_streaming',
        ),
        migrations.RemoveConstraint(
            model_name='turn',
            name='turn_erased_holds_no_text',
        ),
        migrations.AddField(
            model_name='turn',
            name='waits_at',
            field=models.DateTimeField(help_text='When its process last said that it still waits.', null=True),
        ),
        migrations.AlterField(
            model_name='turn',
            name='started_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text='While it waits: since when.'),
        ),
        migrations.AlterField(
            model_name='turn',
            name='state',
            field=models.CharField(choices=[('waiting', 'Waiting'), ('streaming', 'Streaming'), ('complete', 'Complete'), ('stopped', 'Stopped'), ('void', 'Void')], default='streaming', max_length=10),
        ),
        migrations.AddConstraint(
            model_name='turn',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('battle',), name='turn_streams_one_at_a_time'),
        ),
        migrations.AddConstraint(
            model_name='turn',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'streaming', 'complete', 'stopped', 'void'])), name='turn_state_is_known'),
        ),
        migrations.AddConstraint(
            model_name='turn',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('state__in', ['waiting', 'streaming'])), models.Q(models.Q(('state__in', ['waiting', 'streaming']), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='turn_ends_when_it_stops_streaming'),
        ),
        migrations.AddConstraint(
            model_name='turn',
            constraint=models.CheckConstraint(condition=models.Q(('erased_at', None), models.Q(('prompt', []), ('reply_a', []), ('reply_b', []), ('ticks', []), ('ended_at__isnull', False)), _connector='OR'), name='turn_erased_holds_no_text'),
        ),
        migrations.RunPython(migrations.RunPython.noop, withdraw_waiting),
    ]
