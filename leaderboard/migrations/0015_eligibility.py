import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from accounts.never_changed import NeverChanged

WORDS = NeverChanged(
    'what was said in public is never changed',
    function='refuse_to_change_what_was_said',
    triggers={
        f'{table}_is_never_changed': f'leaderboard_{table}'
        for table in (
            'allegation', 'allegationchange', 'rebuttal', 'hiding', 'eligibilityverdict', 'exclusion', 'incident'
        )
    },
)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_invitations'),
        ('inference', '0002_provenance'),
        ("leaderboard", "0014_gates_freeze_by_the_clock"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Allegation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('axis', models.CharField(choices=[('technical', 'Technical'), ('policy', 'Policy'), ('ethical', 'Ethical')], max_length=9)),
                ('text', models.TextField()),
                ('text_ko', models.TextField(blank=True)),
                ('evidence', models.JSONField(default=list)),
                ('source', models.CharField(choices=[('organizer', 'Organizer'), ('team', 'Team'), ('public', 'Public')], max_length=9)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('by', models.ForeignKey(help_text='Who entered it.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='allegations', to='inference.entry')),
                ('round', models.ForeignKey(help_text='In which it was raised.', on_delete=django.db.models.deletion.PROTECT, related_name='allegations', to='leaderboard.round')),
                ('team', models.ForeignKey(help_text="Whose it is, if a team's.", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='allegations', to='accounts.team')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='AllegationChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('before', models.CharField(choices=[('open', 'Open'), ('upheld', 'Upheld'), ('dismissed', 'Dismissed'), ('withdrawn', 'Withdrawn')], max_length=9)),
                ('after', models.CharField(choices=[('open', 'Open'), ('upheld', 'Upheld'), ('dismissed', 'Dismissed'), ('withdrawn', 'Withdrawn')], max_length=9)),
                ('reason', models.CharField(max_length=300)),
                ('reason_ko', models.CharField(blank=True, max_length=300)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('allegation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='leaderboard.allegation')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='EligibilityVerdict',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('axis', models.CharField(choices=[('technical', 'Technical'), ('policy', 'Policy'), ('ethical', 'Ethical')], max_length=9)),
                ('number', models.PositiveSmallIntegerField(help_text='1 for the first on this axis.')),
                ('outcome', models.CharField(choices=[('passed', 'Passed'), ('conditional', 'Conditional'), ('failed', 'Failed')], max_length=11)),
                ('reason', models.CharField(max_length=300)),
                ('reason_ko', models.CharField(blank=True, max_length=300)),
                ('findings', models.TextField(blank=True, help_text='In full, where one line is not enough.')),
                ('findings_ko', models.TextField(blank=True)),
                ('why_anew', models.CharField(blank=True, help_text='Why the verdict before it does not stand.', max_length=300)),
                ('why_anew_ko', models.CharField(blank=True, max_length=300)),
                ('evidence', models.JSONField(default=list)),
                ('reviewer', models.CharField(blank=True, help_text='Who looked into it. Blank: the organizers.', max_length=120)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('confirmed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('part', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='verdicts', to='leaderboard.participation')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Exclusion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('change', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='exclusion', to='leaderboard.participationchange')),
                ('verdict', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='exclusions', to='leaderboard.eligibilityverdict')),
            ],
        ),
        migrations.CreateModel(
            name='Hiding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('days', models.PositiveSmallIntegerField()),
                ('reason', models.CharField(max_length=300)),
                ('reason_ko', models.CharField(blank=True, max_length=300)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('allegation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='hidings', to='leaderboard.allegation')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Incident',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('what', models.TextField(help_text='What happened.')),
                ('what_ko', models.TextField(blank=True)),
                ('done', models.TextField(blank=True, help_text='What was done about it.')),
                ('done_ko', models.TextField(blank=True)),
                ('began_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(help_text='Null: it goes on.', null=True)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('round', models.ForeignKey(help_text='Null: the site as a whole.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='incidents', to='leaderboard.round')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Rebuttal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField()),
                ('text_ko', models.TextField(blank=True)),
                ('evidence', models.JSONField(default=list)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('allegation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rebuttals', to='leaderboard.allegation')),
                ('by', models.ForeignKey(help_text='Known to organizers only.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.team')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='VerdictProposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('axis', models.CharField(choices=[('technical', 'Technical'), ('policy', 'Policy'), ('ethical', 'Ethical')], max_length=9)),
                ('said', models.JSONField(help_text='What the verdict would say, as leaderboard/verdicts.py writes it.')),
                ('asked_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('part', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='verdict_proposals', to='leaderboard.participation')),
                ('verdict', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='proposal', to='leaderboard.eligibilityverdict')),
                ('withdrawn_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddConstraint(
            model_name='allegation',
            constraint=models.CheckConstraint(condition=models.Q(('axis__in', ['technical', 'policy', 'ethical'])), name='allegation_axis_is_known'),
        ),
        migrations.AddConstraint(
            model_name='allegation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('source', 'team'), ('team__isnull', False)), models.Q(('source__in', ['organizer', 'public']), ('team', None)), _connector='OR'), name='allegation_source_is_known'),
        ),
        migrations.AddConstraint(
            model_name='allegation',
            constraint=models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='allegation_says_something'),
        ),
        migrations.AddConstraint(
            model_name='allegationchange',
            constraint=models.UniqueConstraint(fields=('allegation', 'number'), name='allegation_change_number_once'),
        ),
        migrations.AddConstraint(
            model_name='allegationchange',
            constraint=models.CheckConstraint(condition=models.Q(('after__in', ['open', 'upheld', 'dismissed', 'withdrawn']), ('before__in', ['open', 'upheld', 'dismissed', 'withdrawn']), models.Q(('before', models.F('after')), _negated=True)), name='allegation_change_of_a_known_state'),
        ),
        migrations.AddConstraint(
            model_name='eligibilityverdict',
            constraint=models.UniqueConstraint(fields=('part', 'axis', 'number'), name='eligibility_verdict_number_once'),
        ),
        migrations.AddConstraint(
            model_name='eligibilityverdict',
            constraint=models.CheckConstraint(condition=models.Q(('axis__in', ['technical', 'policy', 'ethical']), ('outcome__in', ['passed', 'conditional', 'failed'])), name='eligibility_verdict_is_known'),
        ),
        migrations.AddConstraint(
            model_name='eligibilityverdict',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='eligibility_verdict_has_its_reason'),
        ),
        migrations.AddConstraint(
            model_name='eligibilityverdict',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('number', 1), ('why_anew', '')), models.Q(('number__gt', 1), models.Q(('why_anew', ''), _negated=True)), _connector='OR'), name='eligibility_verdict_anew_says_why'),
        ),
        migrations.AddConstraint(
            model_name='eligibilityverdict',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('outcome', 'failed'), _negated=True), models.Q(('confirmed_by__isnull', False), models.Q(('by', models.F('confirmed_by')), _negated=True)), _connector='OR'), name='eligibility_verdict_that_fails_is_of_two'),
        ),
        migrations.AddConstraint(
            model_name='hiding',
            constraint=models.CheckConstraint(condition=models.Q(('days__lte', 30)), name='hiding_has_its_end'),
        ),
        migrations.AddConstraint(
            model_name='hiding',
            constraint=models.UniqueConstraint(condition=models.Q(('days__gt', 0)), fields=('allegation',), name='hiding_once'),
        ),
        migrations.AddConstraint(
            model_name='hiding',
            constraint=models.UniqueConstraint(condition=models.Q(('days', 0)), fields=('allegation',), name='hiding_ended_once'),
        ),
        migrations.AddConstraint(
            model_name='incident',
            constraint=models.CheckConstraint(condition=models.Q(('what', ''), _negated=True), name='incident_says_what'),
        ),
        migrations.AddConstraint(
            model_name='incident',
            constraint=models.CheckConstraint(condition=models.Q(('ended_at', None), ('ended_at__gte', models.F('began_at')), _connector='OR'), name='incident_ends_after_it_began'),
        ),
        migrations.AddConstraint(
            model_name='rebuttal',
            constraint=models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='rebuttal_says_something'),
        ),
        migrations.AddConstraint(
            model_name='verdictproposal',
            constraint=models.UniqueConstraint(condition=models.Q(('verdict', None), ('withdrawn_by', None)), fields=('part', 'axis'), name='verdict_proposal_waits_alone'),
        ),
        migrations.AddConstraint(
            model_name='verdictproposal',
            constraint=models.CheckConstraint(condition=models.Q(('withdrawn_by', None), ('verdict', None), _connector='OR'), name='verdict_proposal_withdrawn_is_not_given'),
        ),
        WORDS.operation(),
    ]
