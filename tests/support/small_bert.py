"""A BERT of a few words with random weights, as sentence-transformers keeps it, and its tokenizer."""

from pathlib import Path

VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "mug", "red", "blue", "teapot", "number", "large", "a", "x"]


def save_tokenizer(folder: Path) -> None:
    from transformers import BertTokenizerFast

    letters = [f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz0123456789"]
    (folder / "vocab.txt").write_text("\n".join([*VOCABULARY, *(letter[2:] for letter in letters), *letters]))
    BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)


def save_sentence_model(folder: Path) -> Path:
    """The model's folder within this one."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel

    torch.manual_seed(5)
    config = BertConfig(
        vocab_size=100, hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=128
    )
    BertModel(config).save_pretrained(folder / "model")
    save_tokenizer(folder / "model")
    words = Transformer(str(folder / "model"), max_seq_length=48)
    made = SentenceTransformer(modules=[words, Pooling(words.get_embedding_dimension())], device="cpu")
    made.save(str(folder / "sentence"))
    return folder / "sentence"
