import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


def say_why(apps, schema_editor):
    """Until now a vote was set aside for one reason only."""
    apps.get_model('arena', 'Vote').objects.filter(counted_as=None).update(set_aside='over_cap')


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_user_email_is_its_own'),
        ('arena', '0006_frozen_gates'),
    ]

    operations = [
        migrations.CreateModel(
            name='VoterAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='devices', to=settings.AUTH_USER_MODEL)),
                ('voter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='accounts', to='arena.voter')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('voter', 'user'), name='voter_account_once_a_device')],
            },
        ),
        migrations.AddField(
            model_name='vote',
            name='set_aside',
            field=models.CharField(
                blank=True,
                choices=[('over_cap', 'Over Cap'), ('own_team', 'Own Team')],
                db_default='',
                help_text='Why it is not counted; empty: it is.',
                max_length=8,
            ),
        ),
        migrations.RunPython(say_why, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name='vote',
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(('counted_as', None), ('set_aside__in', ['over_cap', 'own_team'])),
                    models.Q(('counted_as__isnull', False), ('set_aside', '')),
                    _connector='OR',
                ),
                name='vote_set_aside_for_a_reason',
            ),
        ),
    ]
