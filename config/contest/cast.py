"""Who plays in the contest: six teams, a reference, two organizers. All of them are made up."""

from config.season.world import Contestant

CONTESTANTS = (
    Contestant("baram", "Baram", "Team Windmill", 1120, {"code": 60}, listing=0.6),
    Contestant("nuri", "Nuri", "Team Horizon", 1076, {"ko": 25}),
    Contestant("saebyeok", "Saebyeok", "Team Daybreak", 976, {"writing": 70}, listing=0.1),
    Contestant("yeoul", "Yeoul", "Team Ripple", 850, {"maths": 60}),
    Contestant("dolmen", "Dolmen", "Team Capstone", 780, {"en": 50}, listing=0.5),
)
NEWCOMER = Contestant("haneul", "Haneul", "Team Skyline", 944, {"multi_turn": 30})
REFERENCE = Contestant("atlas", "Atlas", "Reference", 1150, {"en": 30}, listing=0.7)
EVERYBODY = {one.slug: one for one in (*CONTESTANTS, NEWCOMER, REFERENCE)}
ORGANIZERS = ("first-organizer", "second-organizer")
