import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("inference", "0004_workers_keys_and_checks"),
    ]

    operations = [
        migrations.CreateModel(
            name="Breaker",
            fields=[
                ("worker", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name="breaker", serialize=False, to="inference.worker")),
                ("failures", models.PositiveSmallIntegerField(default=0, help_text="Not made up for by a success.")),
                ("failed_at", models.DateTimeField(null=True)),
                ("opened_at", models.DateTimeField(null=True)),
                ("openings", models.PositiveSmallIntegerField(default=0, help_text="In a row.")),
                ("trial_at", models.DateTimeField(help_text="Since when somebody tries whether it is well again.", null=True)),
            ],
        ),
    ]
