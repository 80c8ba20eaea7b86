"""Text to words: names and measures in every way to write them, and British spellings."""

import re
from itertools import pairwise

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from webapp.catalog.queries import published
from webapp.db.session import db
from webapp.search.documents import document_of
from webapp.search.words import STOP_WORDS, american, fold, highlights, letter_names, stem, stems, words

# British and American spellings.
SPELLINGS = """
    faecal/fecal faeces/feces fibre/fiber centre/center metre/meter hypoxaemia/hypoxemia grey/gray
    haemorrhage/hemorrhage oesophagus/esophagus oesophageal/esophageal anaemia/anemia leukaemia/leukemia
    leucaemia/leukemia haemoglobin/hemoglobin anaesthetic/anesthetic paraesthesia/paresthesia
    dysaesthesia/dysesthesia orthopaedic/orthopedic paediatric/pediatric aetiology/etiology
    gynaecology/gynecology caesarean/cesarean caecum/cecum palaeolithic/paleolithic naevus/nevus
    ischaemia/ischemia ischaemic/ischemic septicaemia/septicemia hyperglycaemia/hyperglycemia oedema/edema
    oestrogen/estrogen foetus/fetus foetal/fetal diarrhoea/diarrhea gonorrhoea/gonorrhea dyspnoea/dyspnea
    apnoea/apnea coeliac/celiac amoeba/ameba homoeopathy/homeopathy manoeuvre/maneuver manoeuvres/maneuvers
    manoeuvring/maneuvering manoeuvred/maneuvered colour/color colours/colors coloured/colored
    behaviour/behavior behavioural/behavioral tumour/tumor tumours/tumors labour/labor odour/odor
    humour/humor vapour/vapor neighbour/neighbor favourite/favorite flavour/flavor honour/honor
    harbour/harbor rumour/rumor vigour/vigor rigour/rigor armour/armor endeavour/endeavor litre/liter
    millilitre/milliliter centimetre/centimeter theatre/theater calibre/caliber titre/titer lustre/luster
    meagre/meager sombre/somber spectre/specter goitre/goiter centred/centered fibreglass/fiberglass
    multicentre/multicenter organise/organize organised/organized organisation/organization realise/realize
    paralyse/paralyze paralysed/paralyzed analyse/analyze analysed/analyzed dialysed/dialyzed
    catheterise/catheterize catheterisation/catheterization randomised/randomized hospitalised/hospitalized
    hospitalisation/hospitalization recognise/recognize minimise/minimize immobilisation/immobilization
    stabilise/stabilize stabilisation/stabilization mobilise/mobilize mobilisation/mobilization
    normalise/normalize characterise/characterize summarise/summarize specialise/specialize
    visualise/visualize utilise/utilize utilisation/utilization optimise/optimize categorise/categorize
    travelled/traveled travelling/traveling traveller/traveler labelled/labeled labelling/labeling
    modelling/modeling cancelled/canceled signalling/signaling counsellor/counselor counselling/counseling
    channelled/channeled fuelled/fueled levelled/leveled tunnelling/tunneling marvellous/marvelous
    jewellery/jewelry woollen/woolen skilful/skillful wilful/willful instalment/installment
    enrolment/enrollment enrol/enroll fulfil/fulfill fulfilment/fulfillment tranquilliser/tranquilizer
    distil/distill catalogue/catalog catalogues/catalogs dialogue/dialog analogue/analog analogues/analogs
    homologue/homolog defence/defense offence/offense licence/license pretence/pretense practise/practice
    practising/practicing sulphate/sulfate sulphur/sulfur aluminium/aluminum leucocyte/leukocyte
    leucopenia/leukopenia programme/program programmes/programs ageing/aging judgement/judgment tyre/tire
    mould/mold plough/plow sceptical/skeptical artefact/artifact neurone/neuron motoneurones/motoneurons
    gramme/gram kilogramme/kilogram mum/mom learnt/learned burnt/burned greyish/grayish haematoma/hematoma
    haematuria/hematuria haemophilia/hemophilia haemodialysis/hemodialysis haem/heme
    anaesthetist/anesthetist anaesthetised/anesthetized uraemia/uremia bacteraemia/bacteremia
    hyponatraemia/hyponatremia hypokalaemia/hypokalemia oestradiol/estradiol haemorrhoids/hemorrhoids
    encyclopaedia/encyclopedia orthopaedics/orthopedics kinaesthetic/kinesthetic synaesthesia/synesthesia
    specialities/specialties speciality/specialty enquiry/inquiry yoghurt/yogurt storey/story kerb/curb
    cheque/check apologise/apologize sympathise/sympathize fertilisation/fertilization sterilise/sterilize
    neutralise/neutralize hydrolysed/hydrolyzed catalyse/catalyze crystallise/crystallize equalise/equalize
    pasteurised/pasteurized rationalise/rationalize depolarisation/depolarization polarised/polarized
    ionise/ionize oxidise/oxidize savour/savor parlour/parlor splendour/splendor valour/valor
    fervour/fervor candour/candor clamour/clamor rancour/rancor arbour/arbor saviour/savior
    demeanour/demeanor discolouration/discoloration discoloured/discolored sabre/saber sceptre/scepter
    kilometre/kilometer micrometre/micrometer epicentre/epicenter nanofibre/nanofiber nanofibres/nanofibers
    quarrelled/quarreled initialled/initialed pedalling/pedaling panelled/paneled spiralling/spiraling
    totalled/totaled dialled/dialed swivelling/swiveling shrivelled/shriveled remodelling/remodeling
    relabelled/relabeled councillor/councilor unlabelled/unlabeled epilogue/epilog prologue/prolog
    monologue/monolog travelogue/travelog licences/licenses defenceless/defenseless draught/draft
    moustache/mustache pyjamas/pajamas aeroplane/airplane cosy/cozy moult/molt smoulder/smolder
    leucaemic/leukemic acknowledgement/acknowledgment diarrhoeal/diarrheal apnoeic/apneic
    oesophagitis/esophagitis foetuses/fetuses haemostasis/hemostasis hypercalcaemia/hypercalcemia
    toxaemia/toxemia ischaemias/ischemias practises/practices bevelled/beveled trialled/trialed
    focussed/focused focussing/focusing biassed/biased sizeable/sizable likeable/likable moveable/movable
    analyser/analyzer analysing/analyzing haemangioma/hemangioma polycythaemia/polycythemia
    paederast/pederast sulphonamide/sulfonamide odourless/odorless colourblind/colorblind
    tumourigenic/tumorigenic vapourise/vaporize labourer/laborer honourable/honorable
    behaviourist/behaviorist centrepiece/centerpiece sulphide/sulfide gynaecomastia/gynecomastia
    haemolysis/hemolysis haemolytic/hemolytic rhinorrhoea/rhinorrhea tachypnoea/tachypnea
    orthopnoea/orthopnea steatorrhoea/steatorrhea amenorrhoea/amenorrhea coelom/celom
    phaeochromocytoma/pheochromocytoma caesium/cesium archaeology/archeology mediaeval/medieval
"""
PAIRS = [tuple(pair.split("/")) for pair in SPELLINGS.split()]
# American words that look like British ones.
AMERICAN = [
    "does",
    "whose",
    "four",
    "hour",
    "our",
    "pour",
    "tour",
    "sour",
    "your",
    "flour",
    "contour",
    "detour",
    "velour",
    "glamour",
    "hours",
    "course",
    "source",
    "center",
    "sugar",
    "acre",
    "massacre",
    "mediocre",
    "genre",
    "exercise",
    "exercised",
    "exercising",
    "surprise",
    "advise",
    "advised",
    "advertise",
    "supervise",
    "supervised",
    "revise",
    "promise",
    "compromise",
    "comprise",
    "enterprise",
    "precise",
    "concise",
    "otherwise",
    "likewise",
    "wise",
    "rise",
    "arise",
    "noise",
    "raise",
    "praise",
    "cruise",
    "bruise",
    "disease",
    "diseases",
    "penis",
    "penises",
    "pelvis",
    "pelvises",
    "iris",
    "irises",
    "analyses",
    "analysis",
    "paralysis",
    "paralyses",
    "dialysis",
    "promised",
    "risen",
    "rising",
    "arising",
    "raised",
    "called",
    "rolled",
    "filled",
    "killed",
    "pulled",
    "swelling",
    "cells",
    "skilled",
    "controlled",
    "compelled",
    "chancellor",
    "cancellation",
    "excellent",
    "collision",
    "science",
    "difference",
    "evidence",
    "sequence",
    "absence",
    "silence",
    "vogue",
    "rogue",
    "synagogue",
    "fatigue",
    "league",
    "greyhound",
    "toe",
    "shoes",
    "poet",
    "coefficient",
    "coexist",
    "aerobic",
    "anaerobic",
    "aerosol",
    "algae",
    "vertebrae",
    "larvae",
    "bursae",
    "israel",
    "michael",
    "program",
    "programs",
    "programmed",
    "discs",
    "disc",
    "practice",
    "practices",
    "license",
    "defense",
    "story",
    "stories",
    "sacred",
    "hundred",
    "hatred",
    "string",
    "ring",
    "spring",
    "during",
    "hired",
    "mummy",
    "grammar",
    "diagnose",
    "diagnoses",
    "enterprises",
    "crisis",
    "crises",
    "basis",
    "bases",
    "thesis",
    "these",
    "premise",
    "demise",
    "treatise",
    "merchandise",
    "despise",
    "devise",
    "improvise",
    "improvisation",
    "televise",
    "incision",
    "decision",
    "precision",
    "visible",
    "risk",
    "wrist",
    "assist",
    "resist",
    "persist",
    "consist",
    "list",
    "listed",
    "arthritis",
    "tendinitis",
    "tennis",
    "journal",
    "journey",
    "tourniquet",
    "tournament",
    "resource",
    "resources",
    "court",
    "courage",
    "nourish",
    "encourage",
    "mourning",
    "metric",
    "metrics",
    "literature",
    "little",
    "central",
    "centralized",
    "fibrosis",
    "fibroblast",
    "theatrical",
    "limitation",
    "mitral",
    "nitric",
    "title",
    "titles",
    "titrate",
    "secret",
    "leucine",
    "honest",
    "human",
    "column",
    "colon",
    "labor",
    "tumor",
    "odor",
    "vapor",
    "franchise",
    "circumcised",
    "excise",
    "chemise",
    "adviser",
    "visor",
    "supervisor",
    "supervision",
    "paradise",
    "expertise",
    "turquoise",
    "poised",
    "malaise",
    "fundraiser",
    "fundraising",
    "wiser",
    "wisely",
    "miser",
    "rehearsal",
    "clockwise",
    "oral",
    "moral",
    "carol",
    "devil",
    "model",
    "label",
    "equal",
    "equally",
    "totally",
    "finally",
    "initially",
    "levels",
    "marvel",
    "tunnel",
    "panel",
    "travel",
    "canceled",
    "traveled",
    "fulfill",
    "enroll",
    "install",
    "instill",
    "distill",
    "skill",
    "skillful",
    "will",
    "willful",
    "analog",
    "dialog",
    "catalog",
    "physiologist",
]


def folded(text: str) -> list[str]:
    return [word.folded for word in words(text)]


# Names and measures


@pytest.mark.parametrize(
    "forms",
    [
        ("IL-10", "IL10", "IL 10", "il‑10", "IL–10"),
        ("NT-3", "NT3", "NT 3"),
        ("COVID-19", "COVID19", "COVID 19"),
        ("T10", "T-10", "T 10"),
        ("10 mg", "10mg", "10-mg", "10\u00a0mg", "10 milligrams"),
        ("24h", "24 h", "24-h", "24 hours", "24-hour", "24 hrs"),
        ("6-minute", "6 min", "6min", "6 minutes"),
        ("10 m", "10 meters", "10-metre", "10m"),
        ("0.5 mg", "0.5mg", "0.5-mg"),
        ("1,000 IU", "1000IU", "1000 iu"),
        ("5-HT", "5HT", "5 HT"),
        ("H-reflex", "Hreflex", "h-reflex"),
        ("L-DOPA", "LDOPA", "l-dopa"),
        ("vitamin B12", "vitamin B-12", "vitamin B 12"),
        ("IL-1β", "IL1β", "IL-1 β", "IL-1 beta", "IL-1beta", "IL-1-beta"),
        ("TNFα", "TNF-α", "TNF-Α", "TNF alpha"),
        ("TGFβ1", "TGF-β1", "TGF-beta1", "TGF beta 1"),
        ("NFκB", "NF-κB", "NF-kappaB"),
        ("17β-estradiol", "17 beta-estradiol", "17-beta-estradiol"),
        ("λ", "lambda", "Lambda"),
        ("10 μm", "10μm", "10 µm"),
        ("UTI", "U.T.I.", "u.t.i"),
        ("4-AP", "4-A.P."),
    ],
)
def test_a_name_or_measure_is_one_word_however_it_is_written(forms: tuple[str, ...]) -> None:
    assert {tuple(map(stem, folded(form))) for form in forms} == {tuple(map(stem, folded(forms[0])))}


@given(st.from_regex(r"[a-z]{1,5}", fullmatch=True), st.from_regex(r"[1-9][0-9]{0,3}", fullmatch=True))
def test_letters_and_a_number_are_one_word_with_a_hyphen_a_blank_or_nothing_between(
    letters: str, number: str
) -> None:
    if letters not in STOP_WORDS:
        joined = folded(f"{letters}{number}")
        assert len(joined) == 1
        assert folded(f"{letters}-{number}") == folded(f"{letters} {number}") == joined


@given(
    st.from_regex(r"(0|[1-9][0-9]{0,3})(\.[0-9]{1,2})?", fullmatch=True),
    st.sampled_from(["mg", "ml", "kg", "cm", "h", "hours", "weeks", "years", "mmHg", "Hz", "min", "mcg"]),
)
def test_a_number_and_its_unit_are_one_word(number: str, unit: str) -> None:
    joined = folded(f"{number}{unit}")
    assert len(joined) == 1
    assert folded(f"took {number} {unit}.") == ["took", *joined]
    assert folded(f"a {number}-{unit} dose") == ["a", *joined, "dose"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.5", ["0.5"]),
        ("the cord.The rest. A rat", ["the", "cord", "the", "rest", "a", "rat"]),
        ("C5-C6 and C5/C6", ["c5", "c6", "and", "c5", "c6"]),
        ("in 10 of 24 people", ["in", "10", "of", "24", "people"]),
        ("2019-2020", ["2019", "2020"]),
        ("the last 5 years", ["the", "last", "5yr"]),
        ("IL 10 in rats", ["il10", "in", "rats"]),
        ("self-catheterization", ["self", "catheterization"]),
        ("IL-6-induced", ["il6", "induced"]),
    ],
)
def test_what_is_several_words_stays_so(text: str, expected: list[str]) -> None:
    assert folded(text) == expected


@given(st.text(max_size=80))
def test_words_are_where_they_say(text: str) -> None:
    found = list(words(text))
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert all(word.folded and text[word.start].isalnum() and text[word.end - 1].isalnum() for word in found)


def test_a_name_with_a_letter_is_recognized_with_a_blank() -> None:
    text = "the H reflex and AIS C"
    assert [name.folded for name in letter_names(text, list(words(text)))] == ["hreflex", "aisc"]


def test_a_name_is_marked_as_it_is_written() -> None:
    text = "IL-10 and IL 10 and the H-reflex after 5 years"
    marked = highlights(text, [frozenset(("il10",)), frozenset(("hreflex",)), frozenset(("year",))])
    assert [text[start:end] for start, end in marked] == ["IL-10", "IL 10", "H-reflex", "5 years"]


def test_a_phrase_finds_the_pieces_of_a_measure() -> None:
    assert stems("5 years after") == stems("5-year after") == ["5", "year"]


# British spellings


def test_british_spellings_are_read_as_american_ones() -> None:
    assert len(PAIRS) >= 100
    assert [(one, other) for one, other in PAIRS if stems(one) != stems(other)] == []


def test_american_words_stay_as_they_are() -> None:
    spellings = [*AMERICAN, *(spelling for _, spelling in PAIRS)]
    assert [word for word in spellings if american(word) != word] == []


@given(st.sampled_from([british for british, _ in PAIRS]))
def test_a_word_is_respelled_once(word: str) -> None:
    assert fold(fold(word)) == fold(word)


def test_no_word_of_the_starter_library_is_taken_for_a_british_one(starter_app: Flask) -> None:
    texts = [
        passage.text
        for article in db.session.scalars(published())
        for passage in document_of(article).passages
    ]
    spoken = set(re.findall(r"[a-z]+", " ".join(texts).lower()))
    respelled = {word for word in spoken if american(word) != word}
    in_names = {"anaesthesia", "arbour", "behaviour", "centre", "orthopaedic"}  # of papers or people
    assert respelled <= in_names
