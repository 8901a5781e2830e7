"""What an engine's measures say, look by look."""

from inference.serving.readings import Measures

VLLM = """\
vllm:num_requests_running{{engine="0"}} 3.0
vllm:num_requests_running{{engine="1"}} 2.0
vllm:kv_cache_usage_perc{{engine="0"}} 0.25
vllm:kv_cache_usage_perc{{engine="1"}} 0.5
vllm:generation_tokens_total{{engine="0"}} {tokens}
vllm:time_to_first_token_seconds_sum {waited}
vllm:time_to_first_token_seconds_count {replies}
"""


def test_means_and_rates_are_of_what_came_since_the_last_look():
    looks = iter([0.0, 5.0, 10.0])
    measures = Measures(clock=lambda: next(looks))
    first = measures.read(VLLM.format(tokens=1000, waited=10.0, replies=20))
    assert first == {"running": 5, "cache_share": 0.5, "first_token_seconds": 0.5}
    second = measures.read(VLLM.format(tokens=3000, waited=12.0, replies=30))
    assert (second["tokens_per_second"], second["first_token_seconds"]) == (400, 0.2)
    # The engine was started again and counts from nothing; nothing came since.
    third = measures.read(VLLM.format(tokens=10, waited=12.0, replies=30))
    assert not {"tokens_per_second", "first_token_seconds"} & set(third)
