"""Keys are sealed, extra fields go along, and what registering found is kept."""

from django.db import migrations, models

from inference.sealing import seal, unseal


def seal_keys(apps, schema_editor):
    Worker = apps.get_model("inference", "Worker")
    for worker in Worker.objects.exclude(key=""):
        worker.sealed_key = seal(worker.key)
        worker.save(update_fields=["sealed_key"])


def unseal_keys(apps, schema_editor):
    Worker = apps.get_model("inference", "Worker")
    for worker in Worker.objects.exclude(sealed_key=""):
        worker.key = unseal(worker.sealed_key)
        worker.save(update_fields=["key"])


class Migration(migrations.Migration):

    dependencies = [
        ("inference", "0003_drains"),
    ]

    operations = [
        migrations.AddField(
            model_name="worker",
            name="sealed_key",
            field=models.TextField(blank=True, default="", help_text="As inference/sealing.py encrypts it."),
            preserve_default=False,
        ),
        migrations.RunPython(seal_keys, unseal_keys),
        migrations.RemoveField(model_name="worker", name="key"),
        migrations.AddField(
            model_name="worker",
            name="extra_body",
            field=models.JSONField(blank=True, default=dict, help_text="Sent along with every request."),
        ),
        migrations.AlterField(
            model_name="worker",
            name="slots",
            field=models.PositiveSmallIntegerField(
                default=8, help_text="Replies it may work on at once, for all web processes together."
            ),
        ),
        migrations.AddField(
            model_name="worker",
            name="registered",
            field=models.BooleanField(
                default=False, help_text="It passed all checks the last time they were made."
            ),
        ),
        migrations.AddField(
            model_name="worker",
            name="refused_because",
            field=models.CharField(
                blank=True, default="", help_text="The first check that it did not pass.", max_length=40
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="worker",
            name="pace",
            field=models.FloatField(
                blank=True,
                help_text="Characters a second of each of so many streams as it has slots, as measured.",
                null=True,
            ),
        ),
        migrations.AddConstraint(
            model_name="worker",
            constraint=models.CheckConstraint(
                condition=models.Q(("registered", False), ("refused_because", ""), _connector="OR"),
                name="worker_registered_is_not_refused",
            ),
        ),
    ]
