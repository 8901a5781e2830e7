import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from accounts.never_changed import NeverChanged

# What was said stays as it was said, whatever the code does: a row is only ever settled, once, in the fields that tell
# how; the others stand.
STANDS = {
    'appeal': ('id', 'round_id', 'number', 'team_id', 'filed_by_id', 'ground', 'text', 'asks', 'evidence', 'filed_at'),
    'ruling': (
        'id', 'appeal_id', 'outcome', 'effect', 'part_id', 'was', 'in_its_place', 'reasons', 'reasons_ko', 'proposed_by_id',
        'proposed_at',
    ),
}
SETTLED = {
    'appeal': '{row}.settled_at IS NOT NULL',
    'ruling': '({row}.confirmed_at IS NOT NULL OR {row}.withdrawn_by_id IS NOT NULL)',
}
NEVER = ('appealfile', 'dissent')


def amiss(name):
    """When a change of such a row is refused."""
    old, new = (', '.join(f'{row}.{column}' for column in STANDS[name]) for row in ('OLD', 'NEW'))
    settled = SETTLED[name].format(row='OLD'), SETTLED[name].format(row='NEW')
    return f'({settled[0]} OR NOT ({settled[1]}) OR {{row}}({old}) {{differs}} {{row}}({new}))'


APPEALS = NeverChanged(
    'what was said in an appeal is never changed',
    function='refuse_to_change_an_appeal',
    triggers={f'{name}_is_never_changed': f'leaderboard_{name}' for name in (*STANDS, *NEVER)},
    when={f'{name}_is_never_changed': amiss(name) for name in STANDS},
)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_invitations'),
        ("leaderboard", "0016_run_offs"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Appeal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(help_text='In the round, from 1, in the order of filing.')),
                ('ground', models.CharField(choices=[('counting', 'Counting'), ('scoring', 'Scoring'), ('eligibility', 'Eligibility'), ('procedure', 'Procedure'), ('conduct', 'Conduct')], max_length=12)),
                ('text', models.TextField(help_text='What was wrong. Public once it is ruled on.')),
                ('asks', models.TextField(help_text='What the team asks for. Public once it is ruled on.')),
                ('evidence', models.JSONField(default=list, help_text='Addresses on the web, each with a digest or without.')),
                ('filed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('settled_at', models.DateTimeField(help_text='When it was ruled on or withdrawn. Null: it waits.', null=True)),
                ('filed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='appeals', to=settings.AUTH_USER_MODEL)),
                ('round', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='appeals', to='leaderboard.round')),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='appeals', to='accounts.team')),
                ('withdrawn_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='withdrawn_appeals', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['round', 'number'],
            },
        ),
        migrations.CreateModel(
            name='AppealFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('name', models.CharField(max_length=100)),
                ('content', models.BinaryField()),
                ('size', models.PositiveIntegerField()),
                ('digest', models.CharField(help_text='SHA-256 of the content, in hexadecimal.', max_length=64)),
                ('appeal', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to='leaderboard.appeal')),
            ],
            options={
                'ordering': ['appeal', 'number'],
            },
        ),
        migrations.CreateModel(
            name='Ruling',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('outcome', models.CharField(choices=[('granted', 'Granted'), ('partly', 'Partly'), ('dismissed', 'Dismissed')], max_length=10)),
                ('effect', models.CharField(choices=[('none', 'None'), ('recompute', 'Recompute'), ('reinstate', 'Reinstate'), ('re_run', 'Re Run')], default='none', max_length=10)),
                ('was', models.CharField(blank=True, help_text='What it was before it is reinstated: eliminated or disqualified.', max_length=12)),
                ('in_its_place', models.BooleanField(default=False, help_text='Whether the next one goes out instead of it.')),
                ('reasons', models.TextField(help_text='Public, in English.')),
                ('reasons_ko', models.TextField(blank=True)),
                ('proposed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('after_step', models.PositiveSmallIntegerField(help_text="The round's last step when it was confirmed; a re-run is carried out by a later one.", null=True)),
                ('appeal', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rulings', to='leaderboard.appeal')),
                ('confirmed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='confirmed_rulings', to=settings.AUTH_USER_MODEL)),
                ('part', models.ForeignKey(help_text='Which is reinstated.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='rulings', to='leaderboard.participation')),
                ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='proposed_rulings', to=settings.AUTH_USER_MODEL)),
                ('withdrawn_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='withdrawn_rulings', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Dissent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('words', models.TextField(help_text='Public, in English.')),
                ('words_ko', models.TextField(blank=True)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='dissents', to=settings.AUTH_USER_MODEL)),
                ('ruling', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='dissents', to='leaderboard.ruling')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.AddConstraint(
            model_name='appeal',
            constraint=models.UniqueConstraint(fields=('round', 'number'), name='appeal_number_once_a_round'),
        ),
        migrations.AddConstraint(
            model_name='appeal',
            constraint=models.UniqueConstraint(condition=models.Q(('settled_at', None)), fields=('round', 'team', 'ground'), name='appeal_waits_once_a_team_and_ground'),
        ),
        migrations.AddConstraint(
            model_name='appeal',
            constraint=models.CheckConstraint(condition=models.Q(('ground__in', ['counting', 'scoring', 'eligibility', 'procedure', 'conduct'])), name='appeal_ground_is_known'),
        ),
        migrations.AddConstraint(
            model_name='appeal',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('text', ''), _negated=True), models.Q(('asks', ''), _negated=True)), name='appeal_says_something'),
        ),
        migrations.AddConstraint(
            model_name='appeal',
            constraint=models.CheckConstraint(condition=models.Q(('withdrawn_by', None), ('settled_at__isnull', False), _connector='OR'), name='appeal_withdrawn_is_settled'),
        ),
        migrations.AddConstraint(
            model_name='appealfile',
            constraint=models.UniqueConstraint(fields=('appeal', 'number'), name='appeal_file_number_once_an_appeal'),
        ),
        migrations.AddConstraint(
            model_name='appealfile',
            constraint=models.CheckConstraint(condition=models.Q(('size__gte', 1)), name='appeal_file_holds_something'),
        ),
        migrations.AddConstraint(
            model_name='ruling',
            constraint=models.UniqueConstraint(condition=models.Q(('withdrawn_by', None)), fields=('appeal',), name='ruling_stands_alone_on_its_appeal'),
        ),
        migrations.AddConstraint(
            model_name='ruling',
            constraint=models.CheckConstraint(condition=models.Q(('outcome__in', ['granted', 'partly', 'dismissed'])), name='ruling_outcome_is_known'),
        ),
        migrations.AddConstraint(
            model_name='ruling',
            constraint=models.CheckConstraint(condition=models.Q(('effect__in', ['none', 'recompute', 'reinstate', 're_run'])), name='ruling_effect_is_known'),
        ),
        migrations.AddConstraint(
            model_name='ruling',
            constraint=models.CheckConstraint(condition=models.Q(('reasons', ''), _negated=True), name='ruling_has_reasons'),
        ),
        migrations.AddConstraint(
            model_name='ruling',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('outcome', 'dismissed'), _negated=True), ('effect', 'none'), _connector='OR'), name='ruling_dismissed_has_no_effect'),
        ),
        migrations.AddConstraint(
            model_name='ruling',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('effect', 'reinstate'), ('part__isnull', False), ('was', 'eliminated')), models.Q(('effect', 'reinstate'), ('in_its_place', False), ('part__isnull', False), ('was', 'disqualified')), models.Q(models.Q(('effect', 'reinstate'), _negated=True), ('in_its_place', False), ('part', None), ('was', '')), _connector='OR'), name='ruling_reinstates_somebody_or_not'),
        ),
        migrations.AddConstraint(
            model_name='ruling',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('after_step', None), ('confirmed_at', None), ('confirmed_by', None)), models.Q(('after_step__isnull', False), ('confirmed_at__isnull', False), ('confirmed_by__isnull', False), ('withdrawn_by', None), models.Q(('confirmed_by', models.F('proposed_by')), _negated=True)), _connector='OR'), name='ruling_in_force_is_of_two'),
        ),
        migrations.AddConstraint(
            model_name='dissent',
            constraint=models.UniqueConstraint(fields=('ruling', 'by'), name='dissent_once_of_each'),
        ),
        migrations.AddConstraint(
            model_name='dissent',
            constraint=models.CheckConstraint(condition=models.Q(('words', ''), _negated=True), name='dissent_says_something'),
        ),
        APPEALS.operation(),
    ]
