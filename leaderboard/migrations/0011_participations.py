import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models
from django.db.models import F

from accounts.never_changed import NeverChanged

ROLES = [('contestant', 'Contestant'), ('wildcard', 'Wildcard'), ('reference', 'Reference')]
STATES = [
    ('competing', 'Competing'),
    ('eliminated', 'Eliminated'),
    ('disqualified', 'Disqualified'),
    ('withdrawn', 'Withdrawn'),
    ('suspended', 'Suspended'),
]
STATUSES = [
    ('safe', 'Safe'),
    ('at_risk', 'At Risk'),
    ('in_danger', 'In Danger'),
    ('locked_out', 'Locked Out'),
    ('provisional', 'Provisional'),
    ('eliminated', 'Eliminated'),
    ('ranked', 'Ranked'),
    ('reference', 'Reference'),
    ('withdrawn', 'Withdrawn'),
    ('disqualified', 'Disqualified'),
    ('suspended', 'Suspended'),
]
CHANGES = NeverChanged(
    'what became of a participation is never rewritten',
    function='refuse_to_rewrite_a_participation',
    triggers={'participation_change_is_never_changed': 'leaderboard_participationchange'},
)


def name_teams(apps, schema_editor):
    for part in apps.get_model('leaderboard', 'Participation').objects.select_related('entry'):
        part.team_id = part.entry.team_id
        part.save(update_fields=['team'])


def say_who_is_joined(apps, schema_editor):
    """Until now just those joined by votes had a rank."""
    apps.get_model('leaderboard', 'Standing').objects.filter(rank__isnull=False).update(joined=True)


def begin_logs(apps, schema_editor):
    Change = apps.get_model('leaderboard', 'ParticipationChange')
    taking = apps.get_model('leaderboard', 'Participation').objects.exclude(round__state__in=['draft', 'scheduled'])
    for part in taking.select_related('round').order_by('id'):
        Change.objects.create(participation=part, before='', after='competing', at=part.round.opens_at)
        if part.state != 'competing':
            Change.objects.create(
                participation=part, before='competing', after=part.state, at=part.round.closed_at or part.round.ends_at
            )


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_user_email_is_its_own'),
        ('leaderboard', '0010_categories'),
    ]

    operations = [
        migrations.AddField(
            model_name='participation',
            name='role',
            field=models.CharField(choices=ROLES, default='contestant', max_length=10),
        ),
        migrations.AlterField(
            model_name='participation',
            name='state',
            field=models.CharField(choices=STATES, default='competing', max_length=12),
        ),
        migrations.AddField(
            model_name='participation',
            name='team',
            field=models.ForeignKey(
                null=True,
                help_text="The entry's, for the constraint.",
                on_delete=django.db.models.deletion.PROTECT,
                related_name='participations',
                to='accounts.team',
            ),
        ),
        migrations.RunPython(name_teams, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='participation',
            name='team',
            field=models.ForeignKey(
                help_text="The entry's, for the constraint.",
                on_delete=django.db.models.deletion.PROTECT,
                related_name='participations',
                to='accounts.team',
            ),
        ),
        migrations.AddConstraint(
            model_name='participation',
            constraint=models.UniqueConstraint(
                condition=models.Q(('role__in', ['contestant', 'wildcard']), ('state__in', ['competing', 'eliminated'])),
                fields=('round', 'team'),
                name='participation_of_one_entry_a_team',
            ),
        ),
        migrations.AddConstraint(
            model_name='participation',
            constraint=models.CheckConstraint(
                condition=models.Q(('role__in', ['contestant', 'wildcard', 'reference'])),
                name='participation_role_is_known',
            ),
        ),
        migrations.AddConstraint(
            model_name='participation',
            constraint=models.CheckConstraint(
                condition=models.Q(('role', 'reference'), ('state', 'eliminated'), _negated=True),
                name='participation_of_a_reference_is_never_cut',
            ),
        ),
        migrations.RemoveConstraint(model_name='participation', name='participation_state_is_known'),
        migrations.AddConstraint(
            model_name='participation',
            constraint=models.CheckConstraint(
                condition=models.Q(('state__in', [state for state, _ in STATES])), name='participation_state_is_known'
            ),
        ),
        migrations.CreateModel(
            name='ParticipationChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('before', models.CharField(blank=True, choices=STATES, help_text='Empty: it began.', max_length=12)),
                ('after', models.CharField(choices=STATES, max_length=12)),
                ('reason', models.CharField(blank=True, help_text='Public. Empty where the rules alone decided.', max_length=300)),
                ('reason_ko', models.CharField(blank=True, max_length=300)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('by', models.ForeignKey(help_text='Null: a command, or the site itself.', null=True, on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
                ('participation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='leaderboard.participation')),
            ],
            options={
                'ordering': ['id'],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('before', ''), ('before__in', [state for state, _ in STATES]), _connector='OR'), name='change_from_a_known_state'),
                    models.CheckConstraint(condition=models.Q(('after__in', [state for state, _ in STATES])), name='change_to_a_known_state'),
                    models.CheckConstraint(condition=models.Q(('before', F('after')), _negated=True), name='change_of_something'),
                ],
            },
        ),
        migrations.RunPython(begin_logs, migrations.RunPython.noop),
        CHANGES.operation(),
        migrations.AddField(
            model_name='standing',
            name='joined',
            field=models.BooleanField(default=False, help_text='Whether a chain of votes joins it to most of the others.'),
        ),
        migrations.AddField(
            model_name='standing',
            name='percent',
            field=models.FloatField(help_text='Its expected score against the reference, in percent of one half.', null=True),
        ),
        migrations.AddField(model_name='standing', name='percent_high', field=models.FloatField(null=True)),
        migrations.AddField(model_name='standing', name='percent_low', field=models.FloatField(null=True)),
        migrations.AlterField(
            model_name='standing',
            name='rank',
            field=models.PositiveIntegerField(help_text='Among those who compete. Null: not joined, or beside them.', null=True),
        ),
        migrations.AlterField(
            model_name='standing',
            name='status',
            field=models.CharField(choices=STATUSES, default='ranked', max_length=12),
        ),
        migrations.RunPython(say_who_is_joined, migrations.RunPython.noop),
        migrations.RemoveConstraint(model_name='standing', name='standing_status_is_known'),
        migrations.AddConstraint(
            model_name='standing',
            constraint=models.CheckConstraint(
                condition=models.Q(('status__in', [status for status, _ in STATUSES])), name='standing_status_is_known'
            ),
        ),
        migrations.AddConstraint(
            model_name='standing',
            constraint=models.CheckConstraint(condition=models.Q(('rank', None), ('joined', True), _connector='OR'), name='standing_ranked_is_joined'),
        ),
        migrations.AddConstraint(
            model_name='standing',
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(('p_cut', None), ('rank', None)),
                    models.Q(('status__in', ('reference', 'withdrawn', 'disqualified', 'suspended')), _negated=True),
                    _connector='OR',
                ),
                name='standing_beside_has_no_rank',
            ),
        ),
        migrations.AddConstraint(
            model_name='standing',
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(('percent', None), ('percent_high', None), ('percent_low', None)),
                    models.Q(('percent_high__gte', F('percent')), ('percent_high__lte', 200), ('percent_low__gte', 0), ('percent_low__lte', F('percent'))),
                    _connector='OR',
                ),
                name='standing_percent_within_interval',
            ),
        ),
    ]
