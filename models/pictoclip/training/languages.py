"""Texts in other languages than English: labels and keywords from CLDR, sentences around them, colours."""

from dataclasses import dataclass, field

from lexicon import COLOUR_NAMES

SENTENCES = {
    'de': ['ein Bild von {}', 'Foto von {}', 'Zeichnung: {}', 'ich suche {}', 'Bilder mit {}', 'wo ist {}'],
    'fr': ['une image de {}', 'photo de {}', 'dessin de {}', 'je cherche {}', 'images avec {}', 'où est {}'],
    'es': ['una imagen de {}', 'foto de {}', 'dibujo de {}', 'busco {}', 'imágenes con {}', 'dónde está {}'],
    'it': ['un’immagine di {}', 'foto di {}', 'disegno di {}', 'cerco {}', 'immagini con {}', 'dov’è {}'],
    'pt': ['uma imagem de {}', 'foto de {}', 'desenho de {}', 'procuro {}', 'imagens com {}', 'onde está {}'],
    'ru': ['картинка {}', 'фото {}', 'рисунок {}', 'ищу {}', 'картинки с {}', 'где {}'],
    'hi': ['{} की तस्वीर', '{} का चित्र', '{} की फोटो', 'मुझे {} दिखाओ', '{} कहाँ है'],
    'zh': ['{}的图片', '{}的照片', '一张{}的画', '我在找{}', '有{}的图片', '{}在哪里'],
    'ja': ['{}の写真', '{}の絵', '{}の画像', '{}を探しています', '{}のイラスト', '{}はどこ'],
}
# In the order of COLOUR_NAMES; where it stands beside the noun is the template's matter.
COLOURED = {
    'de': ('{colour} {}', 'rot orange gelb grün blau lila rosa braun schwarz weiß grau'.split()),
    'fr': ('{} {colour}', 'rouge orange jaune vert bleu violet rose marron noir blanc gris'.split()),
    'es': ('{} {colour}', 'rojo naranja amarillo verde azul morado rosa marrón negro blanco gris'.split()),
    'it': ('{} {colour}', 'rosso arancione giallo verde blu viola rosa marrone nero bianco grigio'.split()),
    'pt': ('{} {colour}', 'vermelho laranja amarelo verde azul roxo rosa marrom preto branco cinza'.split()),
    'ru': (
        '{colour} {}',
        'красный оранжевый жёлтый зелёный синий фиолетовый розовый коричневый чёрный белый серый'.split(),
    ),
    'hi': ('{colour} {}', 'लाल नारंगी पीला हरा नीला बैंगनी गुलाबी भूरा काला सफेद धूसर'.split()),
    'zh': ('{colour}的{}', '红色 橙色 黄色 绿色 蓝色 紫色 粉色 棕色 黑色 白色 灰色'.split()),
    'ja': ('{colour}{}', '赤い オレンジ色の 黄色い 緑の 青い 紫の ピンクの 茶色い 黒い 白い 灰色の'.split()),
}
LANGUAGES = list(SENTENCES)


@dataclass
class Foreign:
    """A label or keyword: the languages that have it, and {concept: weight} that it names or tags in them."""

    languages: list = field(default_factory=list)
    members: dict = field(default_factory=dict)


def labels_and_keywords(lexicon):
    """-> ({text: Foreign} of labels, the same of keywords that are no labels); what is an English term is left out"""
    labels, keywords = {}, {}
    for concept, row in enumerate(lexicon.concepts):
        for language, words in row['languages'].items():
            add(labels, words['label'], language, concept)
            for tag in words['tags']:
                add(keywords, tag, language, concept)
    known = lexicon.term_row.keys()
    labels = {text: foreign for text, foreign in labels.items() if text not in known}
    taken = known | labels.keys()
    return labels, {text: foreign for text, foreign in keywords.items() if text not in taken}


def add(texts, text, language, concept):
    foreign = texts.setdefault(text.lower(), Foreign())
    foreign.members[concept] = 1.0
    if language not in foreign.languages:
        foreign.languages.append(language)


def in_sentence(language, text, rng):
    """The text as somebody would ask for it in that language."""
    return rng.choice(SENTENCES[language]).format(text)


def in_colour(language, text, colour):
    """The text with a colour, by its place in COLOUR_NAMES. Endings are left as they are: n-grams read past them."""
    template, names = COLOURED[language]
    return template.format(text, colour=names[colour])


assert all(len(names) == len(COLOUR_NAMES) for _, names in COLOURED.values())
