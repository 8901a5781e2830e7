"""What an engine's own measures say that matters to an arena, from the text that Prometheus would read."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from prometheus_client.parser import text_string_to_metric_families


@dataclass(frozen=True, slots=True)
class Reading:
    """One thing worth knowing of a worker, under our name; `sources` are the engine's, of which the first found counts.

    Where there are several engines behind one address, "sum" adds them up and "most" tells the fullest;
    "mean" is of a histogram and "rate" of a count, a second, over what came since the last look.
    """

    name: str
    means: str
    how: Literal["sum", "most", "mean", "rate"]
    sources: Sequence[str]


TOKENS = ("vllm:generation_tokens_total", "llamacpp:tokens_predicted_total")
READINGS = (
    Reading("running", "Requests it works on.", "sum", ("vllm:num_requests_running", "llamacpp:requests_processing")),
    Reading("waiting", "Requests in its queue.", "sum", ("vllm:num_requests_waiting", "llamacpp:requests_deferred")),
    Reading("cache_share", "Share of its key-value cache in use.", "most", ("vllm:kv_cache_usage_perc",)),
    Reading("tokens_per_second", "Tokens it gives a second, over all requests.", "rate", TOKENS),
    Reading("first_token_seconds", "To a reply's first token.", "mean", ("vllm:time_to_first_token_seconds",)),
    Reading("gap_seconds", "Between two tokens of a reply.", "mean", ("vllm:inter_token_latency_seconds",)),
    Reading("queued_seconds", "A request's time in its queue.", "mean", ("vllm:request_queue_time_seconds",)),
    Reading("refused", "Requests refused since it started.", "sum", ("vllm:admission_rejections_total",)),
)


class Measures:
    """Reads an engine's measures again and again, and remembers the last sums for means and rates."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.before: dict[str, tuple[float, float]] = {}

    def read(self, text: str) -> dict[str, float]:
        """The readings that this text holds, by name. Raises ValueError if it is not in Prometheus' form."""
        samples: defaultdict[str, list[float]] = defaultdict(list)
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                samples[sample.name].append(sample.value)
        readings = {reading.name: self.value(reading, samples) for reading in READINGS}
        return {name: round(value, 6) for name, value in readings.items() if value is not None}

    def value(self, reading: Reading, samples: Mapping[str, list[float]]) -> float | None:
        """What the first known source says; None where there is none, or nothing came since the last look."""
        for source in reading.sources:
            if reading.how == "mean" and f"{source}_count" in samples:
                return self.mean(source, sum(samples[f"{source}_sum"]), sum(samples[f"{source}_count"]))
            if reading.how == "rate" and source in samples:
                return self.rate(source, sum(samples[source]))
            if source in samples:
                return max(samples[source]) if reading.how == "most" else sum(samples[source])
        return None

    def mean(self, source: str, total: float, count: float) -> float | None:
        total_before, count_before = self.before.get(source, (0.0, 0.0))
        self.before[source] = (total, count)
        return (total - total_before) / (count - count_before) if count > count_before else None

    def rate(self, source: str, count: float) -> float | None:
        now = self.clock()
        then, count_before = self.before.get(source, (now, count))
        self.before[source] = (now, count)
        # An engine that was started again counts from nothing.
        return (count - count_before) / (now - then) if now > then and count >= count_before else None
