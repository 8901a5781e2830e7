"""A tick shows both sides: [["a", 3], ["b", 4]] of one side each becomes [[3, 0], [0, 4]], tick for tick."""

from django.db import migrations

BATCH = 500


def show_both(apps, schema_editor):
    Turn = apps.get_model("arena", "Turn")
    batch = []
    for turn in Turn.objects.exclude(ticks=[]).only("ticks").order_by("pk").iterator(BATCH):
        turn.ticks = [[length, 0] if side == "a" else [0, length] for side, length in turn.ticks]
        batch.append(turn)
        if len(batch) == BATCH:
            Turn.objects.bulk_update(batch, ["ticks"])
            batch = []
    Turn.objects.bulk_update(batch, ["ticks"])


def show_one(apps, schema_editor):
    """Ticks that showed both sides become two; those of the later turns of a battle are numbered anew."""
    Turn = apps.get_model("arena", "Turn")
    battle, following = None, 1
    for turn in Turn.objects.only("ticks", "first_tick", "battle_id").order_by("battle_id", "number").iterator(BATCH):
        following = following if turn.battle_id == battle else 1
        battle, turn.first_tick = turn.battle_id, following
        turn.ticks = [[side, length] for tick in turn.ticks for side, length in zip("ab", tick) if length]
        following += len(turn.ticks)
        turn.save(update_fields=["ticks", "first_tick"])


class Migration(migrations.Migration):
    dependencies = [("arena", "0011_told")]
    operations = [migrations.RunPython(show_both, show_one)]
