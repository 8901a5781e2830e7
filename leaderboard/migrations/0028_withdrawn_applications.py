import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from accounts.never_changed import NeverChanged

WITHDRAWALS = NeverChanged(
    'what was said in a call is never changed',
    function='refuse_withdrawal_is_never_changed',
    triggers={'withdrawal_is_never_changed': 'leaderboard_withdrawal'},
)
# As the calls' first migration has it: to add a field, SQLite makes the table anew.
PANELISTS = NeverChanged(
    'what was said in a call is never changed',
    function='refuse_panelist_is_never_changed',
    triggers={'panelist_is_never_changed': 'leaderboard_panelist'},
    when={'panelist_is_never_changed': 'true'},
)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_invitations'),
        ("leaderboard", "0027_decisions_keep_scores"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Withdrawal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('application', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='withdrawal', to='leaderboard.application')),
                ('by', models.ForeignKey(help_text='Known to organizers only.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        WITHDRAWALS.operation(),
        *PANELISTS.around(
            migrations.AddField(
                model_name='panelist',
                name='replaces',
                field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaced_by', to='leaderboard.panelist'),
            ),
        ),
    ]
