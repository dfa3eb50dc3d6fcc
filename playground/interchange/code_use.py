"""What is done with a written model: continuing a text, loading weights, counting them."""

from __future__ import annotations

GENERATE = '''
@torch.no_grad()
def generate(model: Transformer, tokens: list[int], count: int, temperature: float = 1.0) -> list[int]:
    """The tokens with `count` more, each drawn from what the model expects next (Algorithm 14)."""
    prefix = torch.tensor([len(tokens)])  # the prompt sees all of itself  #? prefixed
    for _ in range(count):
        logits = model(torch.tensor([tokens[-n_ctx:]])$prefix)[0, -1]  # (vocab,)
        chances = (logits / temperature).softmax(dim=-1)
        tokens = [*tokens, int(torch.multinomial(chances, 1))]
    return tokens
'''

LOAD = '''
def load(path: Path) -> Transformer:
    """The model with the weights of a safetensors file."""
    from safetensors.torch import load_file

    model, weights = Transformer(), load_file(path)
    weights["unembed.weight"] = weights["embed.weight"]  # the file holds the shared matrix once  #? tied
    model.load_state_dict(weights)
    return model.eval()


if __name__ == "__main__":
    path = Path(__file__).with_name("model.safetensors")
    model = load(path) if path.exists() else Transformer()
    print(f"{sum(parameter.numel() for parameter in model.parameters()):,} parameters")
'''
