"""The smaller building blocks as templates: norms, positions inside the attention, activations and MLPs."""

from __future__ import annotations

LAYER_NORM = '''
class LayerNorm(nn.Module):
    """Layer normalisation (Algorithm 6): each vector with mean 0 and variance 1$then."""

    def __init__(self, width: int$arguments) -> None:
        super().__init__()
        $kept
        self.weight = nn.Parameter(torch.ones(width))  #? learned
        self.bias = nn.Parameter(torch.zeros(width))  #? offset

    def forward(self, x: Tensor) -> Tensor:
        """(..., width) to the same shape."""
        mean, variance = x.mean(-1, keepdim=True), x.var(-1, correction=0, keepdim=True)
        x = (x - mean) / torch.sqrt(variance + $eps)
        x = x * self.weight  #? learned
        x = x + self.bias  #? offset
        return x
'''

RMS_NORM = '''
class RMSNorm(nn.Module):
    """Algorithm 6 without mean and offset: each vector over its root mean square (Zhang & Sennrich 2019)."""

    def __init__(self, width: int$arguments) -> None:
        super().__init__()
        $kept
        self.weight = nn.Parameter(torch.ones(width))  #? learned

    def forward(self, x: Tensor) -> Tensor:
        """(..., width) to the same shape."""
        x = x / torch.sqrt(x.square().mean(-1, keepdim=True) + $eps)
        x = x * self.weight  #? learned
        return x
'''

ROTARY = '''
class Rotary(nn.Module):
    """Rotary positions (Su et al. 2021): pairs of features turn by an angle that grows with the place."""

    def __init__(self$arguments) -> None:  #? arguments
        super().__init__()  #? arguments
        $kept  #? arguments
  #? arguments
    def forward(self, x: Tensor) -> Tensor:
        """Queries or keys (batch, heads, pos, d_head) to the same shape."""
        x, still = x.tensor_split([$turned], dim=-1)  # only the first features of a head turn  #? partly
        place, pair = (torch.arange(n, dtype=torch.float64) for n in (x.shape[-2], $turned // 2))
        angle = torch.outer(place, $base ** (-2 * pair / $turned))  # (pos, pair)
        cos, sin = angle.cos().to(x), angle.sin().to(x)
        a, b = x.chunk(2, dim=-1)  # a feature and the one half a head further on are a pair  #? pairing=halves
        a, b = x[..., 0::2], x[..., 1::2]  # neighbours are a pair  #? pairing=neighbours
        a, b = a * cos - b * sin, b * cos + a * sin
        x = torch.cat((a, b), dim=-1)  #? pairing=halves
        x = torch.stack((a, b), dim=-1).flatten(-2)  #? pairing=neighbours
        x = torch.cat((x, still), dim=-1)  #? partly
        return x
'''

T5_BIAS = '''
class T5Bias(nn.Module):
    """A learned number for each head and bucket of distances (Raffel et al. 2019, §2.1)."""

    def __init__(self$arguments) -> None:
        super().__init__()
        $kept
        self.weight = nn.Parameter(torch.zeros($buckets, $heads))

    def forward(self, offset: Tensor) -> Tensor:
        """What is added to scores, (heads, query, key); offset (query, key) is key's place minus query's."""
        buckets, ahead, away = $buckets, 0, (-offset).clamp(min=0)  #? not both_sides
        buckets = $buckets // 2  # for the keys behind; the other half is for those ahead  #? both_sides
        ahead, away = (offset > 0) * buckets, offset.abs()  #? both_sides
        exact = max(1, buckets // 2)  # so many distances have a bucket each
        grown = torch.log(away.clamp(min=1).float() / exact) / math.log($max_distance / exact)
        shared = (exact + (grown * (buckets - exact)).long()).clamp(max=buckets - 1)
        return self.weight[ahead + torch.where(away < exact, away, shared)].permute(2, 0, 1)
'''

SLOPES = '''
def slopes(heads: int) -> Tensor:
    """ALiBi (Press et al. 2021): what each head's scores lose with every place of distance."""
    slope = 2.0 ** (-8.0 * torch.arange(1, heads + 1, dtype=torch.float64) / heads)  #? whole
    whole = 2 ** int(math.log2(heads))  # for other numbers of heads, the rest lies between those  #? not whole
    exponent = [-8 * i / whole for i in range(1, whole + 1)]  #? not whole
    exponent += [-4 * i / whole for i in range(1, 2 * (heads - whole), 2)]  #? not whole
    slope = 2.0 ** torch.tensor(exponent, dtype=torch.float64)  #? not whole
    return slope[:, None, None]  # (heads, 1, 1)
'''

SINUSOIDS = '''
def sinusoids(length: int) -> Tensor:
    """Fixed positions (Vaswani et al. 2017, §3.5): sines and cosines of the place, (length, d_model)."""  #? not paper
    """Fixed positions, as printed below Algorithm 2: sines and cosines of the place, (length, d_model)."""  #? paper
    place, pair = (torch.arange(n, dtype=torch.float64) for n in (length, d_model // 2))  #? not paper
    place, pair = (torch.arange(1, n + 1, dtype=torch.float64) for n in (length, d_model // 2))  #? paper
    angle = torch.outer(place, $base ** (-2 * pair / d_model))  # (length, d_model / 2)
    return torch.stack((angle.sin(), angle.cos()), dim=-1).flatten(1)
'''

GIST_HIDDEN = '''
def gist_hidden(tokens: Tensor) -> tuple[Tensor, Tensor]:
    """What gist tokens hide (Mu et al. 2023): (batch, 1, query, key); from a decoder (batch, 1, 1, key)."""
    gist = tokens == vocab - 1
    before = gist.flip(1).cumsum(1).flip(1) > 0  # no later than the last gist token
    unseen = before  # from behind it not even the gist tokens are seen  #? negative
    unseen = (gist.cumsum(1) == 0) & gist.any(1, keepdim=True)  # only the gist tokens are  #? not negative
    hidden = torch.where(before[:, :, None], ~before[:, None], unseen[:, None])
    return hidden[:, None], unseen[:, None, None]
'''

RELU_SQUARED = '''
def relu_squared(x: Tensor) -> Tensor:
    """ReLU² (So et al. 2021, Primer)."""
    return F.relu(x).square()
'''

GELU_TANH = '''
def gelu_tanh(x: Tensor) -> Tensor:
    """GELU in its tanh form (Hendrycks & Gimpel 2016)."""
    return F.gelu(x, approximate="tanh")
'''

DEFINED = {"relu2": RELU_SQUARED, "gelu_tanh": GELU_TANH}
"""Activations that torch does not have as functions of one argument."""

ACTIVATIONS = {
    "relu": "F.relu",
    "relu2": "relu_squared",
    "gelu": "F.gelu",
    "gelu_tanh": "gelu_tanh",
    "silu": "F.silu",
    "tanh": "torch.tanh",
    "sigmoid": "torch.sigmoid",
}

MLP = '''
class Mlp(nn.Module):
    """Position-wise MLP: two matrices and a curve between them$gate."""

    def __init__(self$arguments) -> None:
        super().__init__()
        $kept
        self.up = nn.Linear(d_model, $d_mlp$bias)
        self.gate = nn.Linear(d_model, $d_mlp$bias)  #? gated
        self.down = nn.Linear($d_mlp, d_model$bias)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, pos, d_model) to the same shape; between the matrices (batch, pos, d_mlp)."""
        return self.down($activation(self.gate(x)) * self.up(x))  #? gated
        return self.down($activation(self.up(x)))  #? else gated
'''

EXPERTS = '''
class Experts(nn.Module):
    """A mixture of MLPs (Shazeer et al. 2017): a router sends each token to a few of them."""

    def __init__(self$arguments) -> None:
        super().__init__()
        $kept
        self.experts = $experts
        self.router = nn.Linear(d_model, len(self.experts), bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, pos, d_model) to the same shape. Every expert reads every token: simple, not fast."""
        best, chosen = self.router(x).topk($top_k, dim=-1)  # (batch, pos, top_k)
        share, out = best.softmax(dim=-1), torch.zeros_like(x)
        for number, expert in enumerate(self.experts):
            mine = (share * (chosen == number)).sum(dim=-1, keepdim=True)  # (batch, pos, 1), 0 where not chosen
            out = out + mine * expert(x)
        return out
'''
