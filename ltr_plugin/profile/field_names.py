"""What fields are called in shops: which part of a product a field's name means, in six languages."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from ltr_plugin.unicode import without_accents

WORDS: Mapping[str, Mapping[str, str]] = {
    "id": {
        "English": "id sku product_id item_id article_id item_number article_number asin",
        "German": "artikelnummer artikelnr produktnummer artnr bestellnummer kennung",
        "French": "reference ref identifiant",
        "Spanish": "codigo referencia",
        "Italian": "codice riferimento",
        "Dutch": "artikelnummer artikelcode productnummer",
    },
    "title": {
        "English": "title name heading label",
        "German": "titel bezeichnung artikelbezeichnung produkttitel",
        "French": "titre nom intitule libelle designation",
        "Spanish": "titulo nombre denominacion",
        "Italian": "titolo nome denominazione",
        "Dutch": "titel naam benaming",
    },
    "description": {
        "English": "description desc summary body details",
        "German": "beschreibung produktbeschreibung langtext beschreibungstext kurzbeschreibung",
        "French": "description descriptif resume",
        "Spanish": "descripcion resumen",
        "Italian": "descrizione riassunto",
        "Dutch": "omschrijving beschrijving",
    },
    "brand": {
        "English": "brand manufacturer maker vendor make",
        "German": "marke hersteller fabrikat",
        "French": "marque fabricant",
        "Spanish": "marca fabricante",
        "Italian": "marca marchio produttore",
        "Dutch": "merk fabrikant",
    },
    "model": {
        "English": "model model_number mpn part_number",
        "German": "modell modellnummer herstellernummer typenbezeichnung",
        "French": "modele",
        "Spanish": "modelo",
        "Italian": "modello",
        "Dutch": "model modelnummer",
    },
    "category": {
        "English": "category categories department taxonomy product_type breadcrumb",
        "German": "kategorie kategorien warengruppe produktgruppe artikelgruppe rubrik sortiment abteilung",
        "French": "categorie categories rayon famille",
        "Spanish": "categoria categorias seccion",
        "Italian": "categoria categorie reparto",
        "Dutch": "categorie categorieen rubriek productgroep",
    },
    "price": {
        "English": "price sale_price selling_price",
        "German": "preis verkaufspreis bruttopreis",
        "French": "prix tarif",
        "Spanish": "precio importe",
        "Italian": "prezzo",
        "Dutch": "prijs verkoopprijs",
    },
    "currency": {
        "English": "currency currency_code",
        "German": "waehrung wahrung waehrungscode",
        "French": "devise monnaie",
        "Spanish": "moneda divisa",
        "Italian": "valuta",
        "Dutch": "valuta munteenheid",
    },
    "stock": {
        "English": "stock in_stock inventory quantity qty availability available",
        "German": "bestand lagerbestand vorrat verfuegbar verfugbar verfuegbarkeit verfugbarkeit",
        "French": "stock en_stock quantite disponible disponibilite",
        "Spanish": "existencias inventario disponible disponibilidad cantidad",
        "Italian": "giacenza disponibile disponibilita scorte quantita",
        "Dutch": "voorraad beschikbaar aantal",
    },
    "released": {
        "English": "released release_date release published launch_date available_since created created_at added",
        "German": "erscheinungsdatum erschienen veroeffentlicht veroffentlicht angelegt erstellt erstellungsdatum",
        "French": "date_sortie sortie parution date_creation cree creation",
        "Spanish": "lanzamiento fecha_lanzamiento fecha_alta creado",
        "Italian": "uscita data_uscita data_creazione creato",
        "Dutch": "releasedatum verschijningsdatum verschenen aangemaakt",
    },
    "group": {
        "English": "group_id item_group_id product_group_id variant_group variant_of parent_sku parent_product_id",
        "German": "variantengruppe variantengruppen_id stammartikel vaterartikel elternartikel",
        "French": "groupe_variantes produit_parent",
        "Spanish": "grupo_variantes producto_padre",
        "Italian": "gruppo_varianti prodotto_padre",
        "Dutch": "variantgroep hoofdartikel",
    },
    "popularity": {
        "English": "sold sales sales_count units_sold order_count orders_count popularity popularity_score bestseller",
        "German": "verkauft verkaeufe verkaufe verkaufszahlen verkaufszahl absatz absatzmenge beliebtheit",
        "French": "ventes vendus nombre_ventes popularite",
        "Spanish": "ventas vendidos unidades_vendidas popularidad",
        "Italian": "vendite venduti popolarita",
        "Dutch": "verkocht verkopen populariteit",
    },
    "ean": {
        "English": "ean gtin barcode upc isbn",
        "German": "ean gtin strichcode isbn",
        "French": "ean gtin code_barres isbn",
        "Spanish": "ean gtin codigo_barras isbn",
        "Italian": "ean gtin codice_barre isbn",
        "Dutch": "ean gtin streepjescode isbn",
    },
    "images": {
        "English": "images image img photos photo pictures picture pics thumbnail thumb",
        "German": "bilder bild fotos foto produktbild abbildung",
        "French": "images image photo photos visuel visuels",
        "Spanish": "imagenes imagen foto fotos",
        "Italian": "immagini immagine foto",
        "Dutch": "afbeeldingen afbeelding foto plaatje",
    },
    "audio": {
        "English": "audio sound sounds recording",
        "German": "ton klang hoerprobe horprobe tonaufnahme",
        "French": "audio son extrait_audio",
        "Spanish": "audio sonido",
        "Italian": "audio suono",
        "Dutch": "audio geluid",
    },
    "video": {
        "English": "video videos clip",
        "German": "video videos produktvideo",
        "French": "video videos",
        "Spanish": "video videos",
        "Italian": "video filmato",
        "Dutch": "video videos",
    },
    "stats": {
        "English": "stats statistics metrics behaviour behavior popularity engagement",
        "German": "statistik statistiken kennzahlen verhalten beliebtheit",
        "French": "statistiques statistique popularite",
        "Spanish": "estadisticas popularidad",
        "Italian": "statistiche popolarita",
        "Dutch": "statistieken cijfers populariteit",
    },
}
"""Words for each part of a product by language, the most usual first; accents are left out."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


EXACT, PARENT, WORD, COMPOUND, CODE = 5, 4, 3, 2, 1
"""How well a name fits: its last step is the word; a step above is; a step contains the word; a part of a compound
word is; or it names a code or key of the part, and not the part itself."""

_FILLERS = _words(
    "de en fr es it nl deu eng fra fre ger s t i f d b dt ss txt str kw raw product products produkt produkte produit "
    "produits producto productos prodotto prodotti artikel article articulo articolo item items url urls uri link "
    "links pfad path data fields value values list main full display long de du des la le"
)
"""Steps and words that say nothing of the part: languages, types, and what all products are called."""

_CODES = _words("id ids code codes key keys slug uuid hash nr count anzahl num")

_WORSE = _words(
    "old list msrp uvp rrp alt alter streich streichpreis net netto ht original previous before min max purchase "
    "einkauf einkaufspreis ek barre antiguo sin precedente short kurz kurzbeschreibung court corto breve kort updated "
    "thumbnail thumb small klein desc"
)
"""Words of fields that are the second choice, such as the price without tax or before a reduction."""

_GENERIC = _words("name nom nombre nome naam label designation bezeichnung")
"""Words for a title that name anything else beside another word, such as the name of a brand or of a seller."""


@dataclass(frozen=True)
class Naming:
    """A part that a name means: how well it fits, the word it has for it, and the languages that have this word.

    `order` is the place of the word among those of a language: the lower, the more usual.
    """

    fit: int
    word: str
    order: int
    languages: tuple[str, ...]

    @property
    def reason(self) -> str:
        """Why, for a person."""
        return "by its name" if "English" in self.languages else f"by its name ({self.word!r} is {self.languages[0]})"


@cache
def is_second_choice(path: str) -> bool:
    """Whether a name says that another field of the same meaning is the better one."""
    return any(token in _WORSE for step in _steps(path) for token in step)


@cache
def namings(path: str) -> Mapping[str, Naming]:
    """The parts of a product that the name of a field may mean, each as it fits best."""
    whole = _steps(path)
    steps = [[token for token in step if token not in _FILLERS] for step in whole]
    steps = steps if any(steps) else whole
    found = {part: best for part in WORDS if (best := _best(part, steps, "".join(whole[-1]))) is not None}
    title, others = found.get("title"), found.keys() - {"title", "id"}
    if title and title.word in _GENERIC and (others or sum(map(len, steps)) > 1):
        del found["title"]
    return found


def _best(part: str, steps: Sequence[Sequence[str]], last: str) -> Naming | None:
    fitting = [
        (fit, -order, word)
        for words in WORDS[part].values()
        for order, word in enumerate(words.split())
        if (fit := _fit(word, steps, last, is_id=part == "id"))
    ]
    if not fitting:
        return None
    fit, order, word = max(fitting)
    return Naming(fit, word, -order, tuple(name for name, words in WORDS[part].items() if word in words.split()))


def _fit(word: str, steps: Sequence[Sequence[str]], last: str, *, is_id: bool) -> int:
    plain = word.replace("_", "")
    tokens = [token for step in steps for token in step]
    joined = ["".join(step) for step in steps]
    if plain in (joined[-1], last):
        return EXACT
    if plain in joined:
        fit = PARENT
    elif plain in tokens or ("_" in word and plain in "".join(tokens)):
        fit = WORD
    elif len(plain) > 4 and any(token.startswith(plain) or token.endswith(plain) for token in tokens):
        fit = COMPOUND
    else:
        return 0
    return CODE if not is_id and _CODES.intersection(tokens) else fit


def _steps(path: str) -> list[list[str]]:
    """The words of each step of a path, in lower case and without accents."""
    return [_tokens(step) for step in path.split(".")]


def _tokens(step: str) -> list[str]:
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", step)
    return [token for token in re.split(r"[^\w]+|_+|\d+", without_accents(parted.casefold())) if token]
