"""A paper and a trial as each service describes them."""

from typing import Any

DOI, PMID, PMCID, NCT = "10.5555/bed.2", "31234567", "PMC7654321", "NCT01741389"

RESULT: dict[str, Any] = {
    "id": PMID,
    "source": "MED",
    "pmid": PMID,
    "pmcid": PMCID,
    "doi": DOI,
    "title": "A bed that turns by itself.",
    "authorList": {
        "author": [
            {
                "fullName": "Doe J",
                "firstName": "Jo",
                "lastName": "Doe",
                "initials": "J",
                "authorId": {"type": "ORCID", "value": "0000-0002-1825-0097"},
            },
            {"collectiveName": "Bed Group"},
        ]
    },
    "journalInfo": {
        "issue": "3",
        "volume": "7",
        "printPublicationDate": "2021-03-01",
        "journal": {"title": "Spinal cord", "medlineAbbreviation": "Spinal Cord"},
    },
    "pageInfo": "12-19",
    "abstractText": "<h4>Methods</h4>We turned 12 people, p<0.05.<h4>Results</h4>They slept.",
    "pubTypeList": {"pubType": ["Randomized Controlled Trial", "Journal Article"]},
    "meshHeadingList": {"meshHeading": [{"majorTopic_YN": "Y", "descriptorName": "Beds"}]},
    "keywordList": {"keyword": ["Sleep"]},
    "grantsList": {"grant": [{"grantId": "W81", "agency": "Made-up Fund"}]},
    "inEPMC": "Y",
    "isOpenAccess": "Y",
    "license": "cc by",
    "firstPublicationDate": "2021-02-03",
}
MESSAGE = {
    "DOI": DOI,
    "type": "journal-article",
    "title": ["A Bed That Turns by Itself"],
    "container-title": ["Spinal Cord"],
    "publisher": "Made-up Press",
    "ISSN": ["1362-4393"],
    "page": "12-19",
}
PUBMED = f"""<?xml version="1.0" ?><PubmedArticleSet><PubmedArticle><MedlineCitation><PMID Version="1">{PMID}</PMID>
<Article><Journal><JournalIssue><Volume>7</Volume><PubDate><MedlineDate>2021 Mar-Apr</MedlineDate></PubDate></JournalIssue>
<Title>Spinal cord</Title></Journal><ArticleTitle>A bed that turns by itself.</ArticleTitle>
<AuthorList CompleteYN="Y"><Author><LastName>Doe</LastName><ForeName>Jo</ForeName></Author></AuthorList></Article>
<CoiStatement>JD sells beds.</CoiStatement></MedlineCitation><PubmedData><ArticleIdList><ArticleId IdType="doi">{DOI}</ArticleId>
</ArticleIdList></PubmedData></PubmedArticle></PubmedArticleSet>"""
JATS = f"""<article article-type="research-article"><front><article-meta><article-id pub-id-type="doi">{DOI}</article-id>
<title-group><article-title>A bed that turns by itself</article-title></title-group>
<funding-group><funding-statement>The Made-up Fund paid for beds.</funding-statement></funding-group></article-meta></front>
<body><sec><title>Methods</title><p>Each of the 12 people got a bed.</p></sec></body></article>"""
STUDY: dict[str, Any] = {
    "protocolSection": {
        "identificationModule": {"nctId": NCT, "briefTitle": "Turning beds"},
        "statusModule": {
            "overallStatus": "ACTIVE_NOT_RECRUITING",
            "startDateStruct": {"date": "2018-10-12", "type": "ACTUAL"},
            "completionDateStruct": {"date": "2027-04"},
            "lastUpdatePostDateStruct": {"date": "2026-01-09"},
        },
        "sponsorCollaboratorsModule": {"leadSponsor": {"name": "Made-up Clinic"}},
        "designModule": {"enrollmentInfo": {"count": 40, "type": "ESTIMATED"}},
    },
    "hasResults": False,
}
