"""What the season's voters ask and what its entries answer: short, our own, in Korean and English."""

from random import Random
from typing import NamedTuple


class Prompt(NamedTuple):
    language: str
    category: str
    """What it is about; the arena's rules find that out by themselves."""
    text: str
    more: str = ""
    """What some ask after the first answers."""


PROMPTS = (
    Prompt("ko", "code", "파이썬으로 목록에서 겹치는 값을 지우는 함수를 작성해 줘.", "순서를 지키면서 지우려면?"),
    Prompt("ko", "code", "이 SQL이 왜 느린지 알려 줘: SELECT * FROM votes WHERE date(cast_at) = '2026-11-24';"),
    Prompt("ko", "code", "자바스크립트에서 배열을 무작위로 섞는 코드를 짧게 보여 줘."),
    Prompt("ko", "code", "정규식으로 우편번호 다섯 자리를 찾는 방법을 알려 줘."),
    Prompt("ko", "maths", "x^2 - 5x + 6 = 0 방정식을 풀어 줘.", "그래프는 어떻게 생겼어?"),
    Prompt("ko", "maths", "주사위 두 개를 던져 합이 7이 될 확률은 얼마야?"),
    Prompt("ko", "maths", "48과 180의 최대공약수를 구하는 과정을 수학 선생님처럼 설명해 줘."),
    Prompt("ko", "writing", "이사 가는 친구에게 보낼 짧은 편지를 써 줘.", "조금 더 밝게 고쳐 줘."),
    Prompt("ko", "writing", "첫눈에 대한 네 줄짜리 시를 써 줘."),
    Prompt("ko", "writing", "다음 문장을 다듬어 줘: 회의가 길어져서 답장이 늦어진 점 죄송하게 생각합니다."),
    Prompt("ko", "writing", "동네 빵집을 알리는 광고 문구를 세 개 지어 줘."),
    Prompt("ko", "other", "냉장고에 두부와 김치만 있어. 저녁으로 뭘 해 먹을까?", "밥이 없으면?"),
    Prompt("ko", "other", "부산에서 하루를 보낸다면 어디부터 가는 게 좋을까?"),
    Prompt("ko", "other", "아이가 왜 하늘은 파랗냐고 물어. 쉽게 설명해 줘."),
    Prompt("ko", "other", "잠이 잘 안 올 때 해 볼 만한 일을 알려 줘."),
    Prompt("ko", "other", "훈민정음은 누가 언제 만들었어?"),
    Prompt("ko", "other", "면접에서 단점을 물으면 어떻게 대답하는 게 좋아?"),
    Prompt("ko", "other", "화분의 잎이 노랗게 변했어. 무엇을 살펴봐야 해?"),
    Prompt("en", "code", "Write a Python function that counts the words in a text file.", "Now ignore punctuation."),
    Prompt("en", "code", "What does `git rebase` do that `git merge` does not?"),
    Prompt("en", "maths", "A train covers 180 km in 2.5 hours. What is its average speed? Show the equation."),
    Prompt("en", "maths", "Explain why the square root of 2 is not a fraction."),
    Prompt("en", "writing", "Write a short email that asks a landlord to repair a window."),
    Prompt("en", "writing", "Write a haiku about a library at night."),
    Prompt("en", "other", "What should I pack for four days of rain in Jeju?"),
    Prompt("en", "other", "Why do cats knead blankets before they lie down?", "Do lions do it too?"),
    Prompt("en", "other", "Give me three questions to ask at a flat viewing."),
    Prompt("en", "other", "How can I tell whether an egg is still good?"),
)

PLAIN = {
    "ko": (
        "간단히 말하면 이렇습니다. 먼저 무엇이 필요한지 보고, 하나씩 해 나가면 됩니다.",
        "결론부터 말씀드리면 가능합니다. 다만 상황에 따라 순서를 바꾸는 편이 낫습니다.",
        "좋은 질문입니다. 보통은 가장 쉬운 방법부터 써 보고, 안 되면 다음 방법으로 넘어갑니다.",
    ),
    "en": (
        "In short: look at what you have, then take one step at a time. Most people find the first step the hardest.",
        "Yes, that works. Depending on where you start, it may be better to turn the order around.",
        "Try the simplest way first, and go on to the next one only if it does not do.",
    ),
}
LISTED = {
    "ko": (
        "## 순서\n\n1. **먼저** 필요한 것을 모읍니다.\n2. 하나씩 확인합니다.\n3. 마지막으로 결과를 봅니다.",
        "- **방법 1**: 쉬운 것부터 합니다.\n- **방법 2**: 나누어서 합니다.\n- **주의**: 서두르지 않습니다.",
    ),
    "en": (
        "## Steps\n\n1. **First** gather what you need.\n2. Check each part.\n3. Look at the result at the end.",
        "- **One way**: begin with what is easy.\n- **Another**: split it up.\n- **Mind**: there is no hurry.",
    ),
}


def answer(random: Random, language: str, listing: float) -> str:
    """An answer of an entry that makes so many of them lists."""
    return random.choice((LISTED if random.random() < listing else PLAIN)[language])
