"""What is personal is masked, what only looks like it stays, and neither database nor worker ever sees the former."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.content import PROMPT_LIMIT, clean_prompt
from arena.models import Turn
from arena.personal import BESIDE, FORMS, mask_personal
from arena.refusals import PromptTooLong

# The number is in 〈 〉, the word that comes in its place after the arrow.
PERSONAL = [
    # Resident and foreigner registration numbers
    "주민등록번호는 〈900101-1234567〉입니다. → [resident number]",
    "주민번호〈9001011234567〉로 조회해줘 → [resident number]",
    "제 번호: 〈900101 - 1234567〉 → [resident number]",
    "〈900101 1234567〉 이 번호가 맞는 형식인가요? → [resident number]",
    "〈900101–1234567〉 → [resident number]",
    "〈900101ㅡ1234567〉 → [resident number]",
    "2000년생은 〈000229-4123456〉처럼 씁니다 → [resident number]",
    "외국인등록번호 〈850715-5123456〉 → [resident number]",
    "외국인등록번호:〈021231-8123456〉, 국적: 베트남 → [resident number]",
    "주민번호 〈９００１０１－１２３４５６７〉 → [resident number]",
    "주민번호 〈900101\u200b-\u200b1234567〉 → [resident number]",
    "1.〈900101-1234567〉 → [resident number]",
    "〈900101-1234567〉, 〈910202-2345678〉 둘 다요 → [resident number]",
    "RRN=〈900101-1234567〉; → [resident number]",
    "_〈9001011234567〉_ → [resident number]",
    # Telephones
    "제 번호는 〈010-1234-5678〉이에요. → [phone]",
    "〈01012345678〉로 문자 보내는 코드 → [phone]",
    "연락처 〈010 1234 5678〉 → [phone]",
    "연락처.〈010.1234.5678〉. → [phone]",
    "〈010) 1234-5678〉 → [phone]",
    "〈(010) 1234-5678〉 → [phone]",
    "〈010-12345678〉 → [phone]",
    "〈010 - 1234 - 5678〉 → [phone]",
    "〈010ㅡ1234ㅡ5678〉 → [phone]",
    "〈０１０－１２３４－５６７８〉 또는 〈０１０１２３４５６７８〉 → [phone]",
    "〈٠١٠-١٢٣٤-٥٦٧٨〉 → [phone]",
    "①〈010-1234-5678〉 ②〈010-2345-6789〉 → [phone]",
    "HP〈010-1234-5678〉/〈02-123-4567〉 → [phone]",
    "외우기 쉬운 〈010-1111-0000〉 → [phone]",
    "옛 번호 〈011-234-5678〉, 〈0162345678〉 → [phone]",
    "〈+82 10 1234 5678〉 → [phone]",
    "〈+82-10-1234-5678〉 → [phone]",
    "〈+821012345678〉 → [phone]",
    "〈+82 (0)10-1234-5678〉 → [phone]",
    "〈(+82) 10-1234-5678〉 → [phone]",
    "〈82-10-1234-5678〉 → [phone]",
    "https://wa.me/〈821012345678〉 → [phone]",
    "집 〈02-123-4567〉 회사 〈02-1234-5678〉 → [phone]",
    "〈(02) 123-4567〉, 〈02)123-4567〉 → [phone]",
    "〈031-1234-5678〉, 〈051 123 4567〉, 〈064.712.3456〉 → [phone]",
    "〈+82 2 123 4567〉 → [phone]",
    "〈070-1234-5678〉로 〈0507-1234-5678〉 대신 → [phone]",
    "집 전화는 〈0311234567〉 → [phone]",
    # Cards
    "카드번호 〈4111-1111-1111-1111〉 12/29 → [card]",
    "〈4111 1111 1111 1111〉 123 → [card]",
    "1234 〈4111 1111 1111 1111〉 → [card]",
    "〈5555555555554444〉 → [card]",
    "〈５５５５ ５５５５ ５５５５ ４４４４〉 → [card]",
    "〈3782 822463 10005〉, 〈378282246310005〉 → [card]",
    "〈30569309025904〉 → [card]",
    "〈9410-0000-0000-0005〉 국내 전용 → [card]",
    "〈6205 5000 0000 0000 004〉 → [card]",
    "〈4222222222222〉 → [card]",
    # E-mail addresses
    "메일은 〈hong.gildong+test@naver.com〉으로 보내 주세요 → [e-mail]",
    "〈01012345678@hanmail.net〉 → [e-mail]",
    "<〈a_b%c@mail.example.co.kr〉> → [e-mail]",
    "〈hong＠naver．com〉 → [e-mail]",
    "메일hong: mailto:〈hong@163.com〉?subject=a → [e-mail]",
    # Accounts and passports, by a word beside them
    "계좌번호 〈110-123-456789〉 (신한은행) → [account]",
    "국민은행 〈123456-78-901234〉 홍길동 → [account]",
    "〈3333-01-1234567〉 카카오뱅크로 보내줘 → [account]",
    "〈110123456789〉로 입금하면 되나요? → [account]",
    "계좌: 〈110 123 456789〉 50000원 → [account]",
    "계좌번호는 〈110-123-456789〉 또는 〈220-123-456789〉, 예비로 〈330-123-456789〉 → [account]",
    "my bank account is 〈110-123-456789〉 → [account]",
    "여권번호는 〈M12345678〉입니다 → [passport]",
    "여권 〈M123A4567〉 → [passport]",
    "passport no. 〈ab1234567〉 → [passport]",
    "〈Ｍ１２３４５６７８〉 (여권) → [passport]",
]  # fmt: skip

ORDINARY = [
    "오늘은 2026-11-22이고 내일은 2026.11.23, 모레는 20261124입니다.",
    "1919년 3월 1일부터 1945-08-15까지",
    "02-11-2026, 02/11/2026",
    "원주율은 3.14159265358979, 자연상수는 2.718281828459045",
    "0.9001011234567 더하기 1.01012345678",
    "9001013.1234567",
    "1,234,567,890,123원",
    "인구 51740000명, 예산 656조 6000억 원, 10000000000원",
    "입금액은 10000000000원입니다",
    "주문번호 1234567890, 송장 123456789012",
    "ISBN 978-89-364-3426-7",
    "ISBN 9788936434267, 9791190090018",
    "x = 1234567890123",
    "timestamp = 1732233600000; micros = 1732233600000000",
    "id: 1234567890123456789",
    "4111 1111 1111 1112",
    "1234-5678-9012-3456",
    "0000 0000 0000 0000",
    "IMEI 490154203237518",
    "192.168.0.1, 10.0.0.255, 255.255.255.0, 010.123.045.067",
    "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
    "https://example.com/2026/11/22/article?id=1234567&page=2",
    "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
    "https://medium.com/@someone/title-0123456789ab",
    "git@github.com:owner/name.git",
    "@dataclass, @pytest.fixture, a@b, user@localhost, react@18.0.0, logo@2x.png",
    "sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "md5 a01012345678bc9001011234567deadb",
    "550e8400-e29b-41d4-a716-446655440000",
    "101012345678, 010123456789, 90010112345678",
    "1-010-1234-5678, 010-1234-5678-9, 900101-1234567-8",
    "010-1234-56789, 3010-1234-5678",
    "01010101010 더하기 0101101010, 010 1010 1010, 0101011010101",
    "901301-1234567, 900230-1234567, 000101-0123456, 900101-9123456",
    "900101-1******",
    "고객센터 1588-1234, 1544-0000, 080-123-4567, 국번 없이 119나 112",
    "은행나무 500그루, 은행나무 1234567890",
    "110-123-456789는 무엇일까?",
    "M12345678은 부품 번호",
    "여권을 만들려면 53000원",
    "계좌에 2026-11-22까지 50000원",
    "0311234567",
    "파이썬 3.11.7, v1.02.123.4567",
    "(1) 12 (2) 34, 1-2-3, 10-20-30",
    "⑩ x² + y³ = ½",
    "👩‍👩‍👧 한 가족 שלום",
]


@pytest.mark.parametrize("sentence", PERSONAL)
def test_a_personal_number_gives_way_to_a_word(sentence):
    marked, word = sentence.split(" → ")
    text = re.sub("[〈〉]", "", marked)
    assert mask_personal(text) == re.sub("〈.*?〉", word, marked)


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_number_stays(text):
    assert mask_personal(text) == text


def test_a_form_of_many_fields_is_masked_in_one_go():
    form = "홍길동\t900101-1234567\t010-1234-5678\thong@naver.com\n계좌 국민은행 123456-78-901234\n여권 M12345678"
    assert mask_personal(form) == (
        "홍길동\t[resident number]\t[phone]\t[e-mail]\n계좌 국민은행 [account]\n여권 [passport]"
    )


def test_numbers_side_by_side_are_each_found():
    assert mask_personal("900101-1234567 010-1234-5678 02-123-4567") == "[resident number] [phone] [phone]"
    assert mask_personal("900101-1234567,01012345678,5555555555554444") == "[resident number],[phone],[card]"


def test_the_rest_of_the_text_keeps_its_characters():
    assert (
        mask_personal("ＡＢＣ ㈜ ﬁ ½ \u200b 👩‍👩‍👧 ０１０－１２３４－５６７８ ｶﾅ ①")
        == "ＡＢＣ ㈜ ﬁ ½ \u200b 👩‍👩‍👧 [phone] ｶﾅ ①"
    )


def test_a_word_far_away_makes_no_account():
    far = "계좌 이야기는 여기까지 하고, 이제 다른 주제로 넘어가서 부품 번호 110-123-456789"
    assert mask_personal(far) == far


# All that meets in a form: numbers, halves of numbers, the words beside them and what stands between.
FRAGMENTS = st.sampled_from(
    """900101-1234567|9001011234567|010-1234-5678|01012345678|010.1234.5678|02-123-4567|+82|(02)|82-10|(010)|0311234567
    |4111-1111-1111-1111|5555555555554444|1111|6205|a@b.co|a@|@b.co|110-123-456789|M12345678|M|계좌|은행|여권|전화|bank
    |[account]|[phone]|[|]|-|.|/|)|(|_|:|,|1|0|82|010|０|①|원|x| |\u200b|ㅡ|""".split("|")  # noqa: SIM905
)
TEXTS = st.text() | st.text(alphabet="0123456789-. )+(@a") | st.lists(FRAGMENTS, max_size=30).map("".join)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(TEXTS)
def test_masking_twice_is_masking_once(text):
    once = mask_personal(text)
    assert mask_personal(once) == once


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text().filter(lambda text: "@" not in text and "＠" not in text and not any(map(str.isdecimal, text))))
def test_text_without_digits_and_at_signs_is_unchanged(text):
    assert mask_personal(text) == text


@pytest.mark.parametrize("pattern", [*(form.pattern.pattern for form in FORMS), BESIDE.pattern])
def test_no_pattern_repeats_without_a_bound(pattern):
    """Then the time is linear in the length, whatever is typed."""
    bare = re.sub(r"\[[^]]*\]", "c", pattern)  # classes hold + and * as characters
    assert re.findall(r"(?<!\\)\*|(?<![\\}])\+|\{\d*,\}", bare) == []


def test_the_limit_is_on_what_was_typed():
    most = "a@b.co " * (PROMPT_LIMIT // 7)
    assert clean_prompt(most).startswith("[e-mail] [e-mail]")
    with pytest.raises(PromptTooLong):
        clean_prompt("010-1234-5678 " * 300)


def test_a_resident_number_reaches_neither_the_database_nor_a_worker(visitor, worker):
    duel = visitor.start()
    frames = duel.ask("제 주민등록번호는 900101-1234567이고 전화는 ０１０－１２３４－５６７８입니다.")
    masked = "제 주민등록번호는 [resident number]이고 전화는 [phone]입니다."
    assert frames[0] == {"type": "asked", "text": masked}
    duel.ask("다시: 9001011234567")
    asked = [message["content"] for request in worker.app.requests for message in request["messages"]]
    assert masked in asked
    assert "다시: [resident number]" in asked
    stored = [turn.prompt for turn in Turn.objects.filter(battle_id=duel.id).order_by("number")]
    assert [part["text"] for prompt in stored for part in prompt] == [
        masked,
        "다시: [resident number]",
    ]
    everything = json.dumps([asked, stored, frames, duel.state()], ensure_ascii=False)
    assert not re.search("1234567|１２３４|1234-5678", everything)
