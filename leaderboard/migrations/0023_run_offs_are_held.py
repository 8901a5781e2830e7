from django.conf import settings
from django.db import migrations, models


# SQLite loses a table's triggers when Django makes it anew, which it does for each constraint; PostgreSQL keeps them.
KEPT = ["""
    CREATE TRIGGER IF NOT EXISTS transition_is_never_changed BEFORE UPDATE ON leaderboard_transition
    BEGIN SELECT RAISE(ABORT, 'a transition is never changed'); END
""", """
    CREATE TRIGGER IF NOT EXISTS transition_follows_the_last BEFORE INSERT ON leaderboard_transition
    WHEN NEW.number <> 1 + (SELECT count(*) FROM leaderboard_transition WHERE round_id = NEW.round_id)
        OR NEW.from_state <> COALESCE((
            SELECT to_state FROM leaderboard_transition WHERE round_id = NEW.round_id ORDER BY number DESC LIMIT 1
        ), '')
    BEGIN SELECT RAISE(ABORT, 'a transition starts where the last one ended'); END
"""]


def keep_log(apps, schema_editor):
    if schema_editor.connection.vendor == 'sqlite':
        for statement in KEPT:
            schema_editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ('arena', '0010_admission_codes'),
        ("leaderboard", "0022_decisions_by_rulings"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(migrations.RunPython.noop, keep_log),
        migrations.RemoveConstraint(
            model_name='round',
            name='round_state_is_known',
        ),
        migrations.RemoveConstraint(
            model_name='transition',
            name='transition_to_a_known_state',
        ),
        migrations.RemoveConstraint(
            model_name='transition',
            name='transition_actor_is_known',
        ),
        migrations.RemoveConstraint(
            model_name='transition',
            name='transition_for_good_is_of_two',
        ),
        migrations.AlterField(
            model_name='proposal',
            name='from_state',
            field=models.CharField(choices=[('draft', 'Draft'), ('scheduled', 'Scheduled'), ('open', 'Open'), ('frozen', 'Frozen'), ('closed', 'Closed'), ('tallied', 'Tallied'), ('run_off', 'Run Off'), ('provisional', 'Provisional'), ('appeal', 'Appeal'), ('final', 'Final'), ('annulled', 'Annulled')], max_length=12),
        ),
        migrations.AlterField(
            model_name='proposal',
            name='to_state',
            field=models.CharField(choices=[('draft', 'Draft'), ('scheduled', 'Scheduled'), ('open', 'Open'), ('frozen', 'Frozen'), ('closed', 'Closed'), ('tallied', 'Tallied'), ('run_off', 'Run Off'), ('provisional', 'Provisional'), ('appeal', 'Appeal'), ('final', 'Final'), ('annulled', 'Annulled')], max_length=12),
        ),
        migrations.AlterField(
            model_name='round',
            name='state',
            field=models.CharField(choices=[('draft', 'Draft'), ('scheduled', 'Scheduled'), ('open', 'Open'), ('frozen', 'Frozen'), ('closed', 'Closed'), ('tallied', 'Tallied'), ('run_off', 'Run Off'), ('provisional', 'Provisional'), ('appeal', 'Appeal'), ('final', 'Final'), ('annulled', 'Annulled')], default='draft', max_length=12),
        ),
        migrations.AlterField(
            model_name='transition',
            name='actor',
            field=models.CharField(choices=[('organizer', 'Organizer'), ('schedule', 'Schedule'), ('command', 'Command'), ('round', 'Round')], max_length=10),
        ),
        migrations.AlterField(
            model_name='transition',
            name='from_state',
            field=models.CharField(blank=True, choices=[('draft', 'Draft'), ('scheduled', 'Scheduled'), ('open', 'Open'), ('frozen', 'Frozen'), ('closed', 'Closed'), ('tallied', 'Tallied'), ('run_off', 'Run Off'), ('provisional', 'Provisional'), ('appeal', 'Appeal'), ('final', 'Final'), ('annulled', 'Annulled')], help_text='Empty: it began here.', max_length=12),
        ),
        migrations.AlterField(
            model_name='transition',
            name='to_state',
            field=models.CharField(choices=[('draft', 'Draft'), ('scheduled', 'Scheduled'), ('open', 'Open'), ('frozen', 'Frozen'), ('closed', 'Closed'), ('tallied', 'Tallied'), ('run_off', 'Run Off'), ('provisional', 'Provisional'), ('appeal', 'Appeal'), ('final', 'Final'), ('annulled', 'Annulled')], max_length=12),
        ),
        migrations.AddConstraint(
            model_name='round',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'scheduled', 'open', 'frozen', 'closed', 'tallied', 'run_off', 'provisional', 'appeal', 'final', 'annulled'])), name='round_state_is_known'),
        ),
        migrations.AddConstraint(
            model_name='transition',
            constraint=models.CheckConstraint(condition=models.Q(('to_state__in', ['draft', 'scheduled', 'open', 'frozen', 'closed', 'tallied', 'run_off', 'provisional', 'appeal', 'final', 'annulled'])), name='transition_to_a_known_state'),
        ),
        migrations.AddConstraint(
            model_name='transition',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('actor', 'organizer'), ('by__isnull', False)), models.Q(('actor__in', ['schedule', 'command', 'round']), ('by', None)), _connector='OR'), name='transition_actor_is_known'),
        ),
        migrations.AddConstraint(
            model_name='transition',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('to_state__in', ['final', 'annulled']), _negated=True), ('actor', 'round'), models.Q(('by__isnull', False), ('confirmed_by__isnull', False), models.Q(('by', models.F('confirmed_by')), _negated=True)), _connector='OR'), name='transition_for_good_is_of_two'),
        ),
        migrations.RunPython(keep_log, migrations.RunPython.noop),
    ]
