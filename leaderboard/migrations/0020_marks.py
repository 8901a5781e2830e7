import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from accounts.never_changed import NeverChanged

MARKS = NeverChanged(
    'a mark is replaced by another, never changed',
    function='refuse_to_change_a_mark',
    triggers={f'{table}_is_never_changed': f'leaderboard_{table}' for table in ('judge', 'conflict', 'mark')},
)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_invitations'),
        ("leaderboard", "0019_calls"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Judge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('component', models.CharField(help_text="The panel's name in the rulebook.", max_length=50)),
                ('name', models.CharField(max_length=80)),
                ('pseudonym', models.CharField(max_length=80)),
                ('email', models.EmailField(blank=True, help_text='Tells whether they belong to a team; never shown to the public.', max_length=254)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='judging', to=settings.AUTH_USER_MODEL)),
                ('by', models.ForeignKey(help_text='Null: a command.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('round', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='judges', to='leaderboard.round')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Conflict',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(help_text='For organizers.', max_length=300)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='conflicts', to='accounts.team')),
                ('judge', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='conflicts', to='leaderboard.judge')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Mark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('component', models.CharField(max_length=50)),
                ('section', models.CharField(blank=True, help_text='The part of a benchmark.', max_length=50)),
                ('test', models.CharField(blank=True, max_length=50)),
                ('value', models.DecimalField(decimal_places=4, max_digits=9, null=True)),
                ('error', models.DecimalField(decimal_places=4, help_text='Its standard error, if known.', max_digits=9, null=True)),
                ('items', models.PositiveIntegerField(help_text='How many questions a test has, if known.', null=True)),
                ('evidence', models.JSONField(default=list)),
                ('source_digest', models.CharField(blank=True, help_text='SHA-256 of the file it was imported from.', max_length=64)),
                ('reason', models.CharField(blank=True, help_text='Why the mark before it did not stay.', max_length=300)),
                ('reason_ko', models.CharField(blank=True, max_length=300)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('by', models.ForeignKey(help_text='Null: a command.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('judge', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='marks', to='leaderboard.judge')),
                ('part', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='marks', to='leaderboard.participation')),
                ('replaces', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaced_by', to='leaderboard.mark')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.AddConstraint(
            model_name='judge',
            constraint=models.UniqueConstraint(fields=('round', 'component', 'name'), name='judge_name_once_a_panel'),
        ),
        migrations.AddConstraint(
            model_name='judge',
            constraint=models.UniqueConstraint(fields=('round', 'component', 'pseudonym'), name='judge_pseudonym_once_a_panel'),
        ),
        migrations.AddConstraint(
            model_name='judge',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('name', ''), _negated=True), models.Q(('pseudonym', ''), _negated=True)), name='judge_has_names'),
        ),
        migrations.AddConstraint(
            model_name='conflict',
            constraint=models.UniqueConstraint(fields=('judge', 'team'), name='conflict_once_a_team'),
        ),
        migrations.AddConstraint(
            model_name='mark',
            constraint=models.UniqueConstraint(condition=models.Q(('judge', None), ('replaces', None)), fields=('part', 'component', 'section', 'test'), name='mark_once_an_entry'),
        ),
        migrations.AddConstraint(
            model_name='mark',
            constraint=models.UniqueConstraint(condition=models.Q(('judge__isnull', False), ('replaces', None)), fields=('part', 'component', 'judge'), name='mark_once_a_judge'),
        ),
        migrations.AddConstraint(
            model_name='mark',
            constraint=models.CheckConstraint(condition=models.Q(('value', None), ('value__gte', 0), _connector='OR'), name='mark_is_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='mark',
            constraint=models.CheckConstraint(condition=models.Q(('error', None), ('error__gte', 0), _connector='OR'), name='mark_error_is_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='mark',
            constraint=models.CheckConstraint(condition=models.Q(('items', None), models.Q(('error', None), ('items__gte', 1)), _connector='OR'), name='mark_error_is_said_once'),
        ),
        migrations.AddConstraint(
            model_name='mark',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('reason', ''), ('replaces', None), ('value__isnull', False)), models.Q(('replaces__isnull', False), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='mark_replaced_for_a_reason'),
        ),
        MARKS.operation(),
    ]
