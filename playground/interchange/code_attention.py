"""Self-attention and cross-attention as templates; what both have in common stands here once."""

from __future__ import annotations

_MADE = """
        self.out = nn.Linear($heads * $d_head, d_model$bias)
        self.gate = nn.Linear(d_model, $heads * $d_head$bias)  #? gated
        self.sink = nn.Parameter(torch.zeros($heads))  #? with_sink
        self.q_norm = RMSNorm($heads * $d_head$rms)  #? qk_norm=full|full_after
        self.k_norm = RMSNorm($groups * $d_head$rms)  #? qk_norm=full|full_after
        self.q_norm, self.k_norm = RMSNorm($d_head$rms), RMSNorm($d_head$rms)  #? qk_norm=head|head_after
"""

_SPLIT = """
        q, k = self.q_norm(q), self.k_norm(k)  #? qk_norm=full
        # each to (batch, heads, pos, d_head)
        q, k, v = (part.unflatten(-1, (-1, $d_head)).transpose(1, 2) for part in (q, k, v))
        q, k = self.q_norm(q), self.k_norm(k)  #? qk_norm=head
"""

_SCORES = """
        # queries share keys and values in groups (Ainslie et al. 2023)  #? grouped
        k, v = (part.repeat_interleave($heads // $groups, dim=1) for part in (k, v))  #? grouped
        scores = q @ k.transpose(-1, -2)  # (batch, heads, query, key)
        scores = scores / math.sqrt($d_head)  #? scaled
        scores = $soft_cap * torch.tanh(scores / $soft_cap)  # bent, to stay below the cap  #? soft_cap
"""

_PATTERN = """
        # a sink takes its share of the attention and brings nothing (Xiao et al. 2023)  #? with_sink
        sink = self.sink[:, None, None].expand(*scores.shape[:-1], 1)  #? with_sink
        scores = torch.cat((scores, sink), dim=-1)  #? with_sink
        pattern = scores.softmax(dim=-1)  # what each query takes of each key
        pattern = pattern[..., :-1]  #? with_sink
        pattern = F.dropout(pattern, $pattern_dropout, self.training)  #? pattern_dropout
        z = (pattern @ v).transpose(1, 2).flatten(2)  # (batch, pos, heads * d_head)
        z = z * self.gate(x).sigmoid()  #? gated
        return self.out(z)
"""

ATTENTION = f'''
class Attention(nn.Module):
    """Multi-head self-attention (Algorithms 4 and 5): each token gathers from the tokens it sees."""

    def __init__(self$arguments) -> None:
        super().__init__()
        $kept
        self.qkv = nn.Linear(d_model, 3 * $heads * $d_head$bias)  #? not grouped
        self.qkv = nn.Linear(d_model, ($heads + 2 * $groups) * $d_head$bias)  #? grouped
{_MADE.strip(chr(10))}
        self.rotary = $rotary  #? rotary
        self.distance = $distance  #? distance

    def forward(self, x: Tensor$prefix) -> Tensor:
        """(batch, pos, d_model) to the same shape."""
        q, k, v = self.qkv(x).chunk(3, dim=-1)  #? not grouped
        sizes = [$heads * $d_head, $groups * $d_head, $groups * $d_head]  #? grouped
        q, k, v = self.qkv(x).split(sizes, dim=-1)  #? grouped
{_SPLIT.strip(chr(10))}
        q, k = self.rotary(q), self.rotary(k)  #? rotary
        q, k = (part.transpose(1, 2).flatten(2) for part in (q, k))  # all heads at once  #? qk_norm=full_after
        q, k = self.q_norm(q), self.k_norm(k)  #? qk_norm=head_after|full_after
        q, k = (part.unflatten(-1, (-1, $d_head)).transpose(1, 2) for part in (q, k))  #? qk_norm=full_after
{_SCORES.strip(chr(10))}
        place = torch.arange(x.shape[1], device=x.device)  #? places
        offset = place - place[:, None]  # (query, key): key's place minus query's  #? places
        scores = scores - slopes($heads).to(scores) * offset.abs()  #? alibi and not steep
        scores = scores - $slope * slopes($heads).to(scores) * offset.abs()  #? alibi and steep
        scores = scores + self.distance(offset)  #? distance
        scores = scores.masked_fill(offset > 0, -torch.inf)  # nobody sees the future  #? not prefixed and mask=causal
        future = offset > 0  #? prefixed and mask=causal|prefix
        future = future & (place >= prefix[:, None, None, None])  # the prefix sees all of itself  #? mask=prefix
        scores = scores.masked_fill(future, -torch.inf)  # nobody sees the future  #? prefixed and mask=causal|prefix
        scores = scores.masked_fill(offset.abs() >= $window, -torch.inf)  # outside the window  #? window
        if hidden is not None:  # a decoder beside an encoder reads no instruction  #? gisted and both
            scores = scores.masked_fill(hidden, -torch.inf)  # said by a gist token  #? gisted and both
        scores = scores.masked_fill(hidden, -torch.inf)  # said by a gist token  #? gisted and not both
{_PATTERN.strip(chr(10))}
'''

CROSS = f'''
class CrossAttention(nn.Module):
    """Multi-head cross-attention (Algorithms 4 and 5): each token gathers from the encoder's memory."""

    def __init__(self$arguments) -> None:
        super().__init__()
        $kept
        self.query = nn.Linear(d_model, $heads * $d_head$bias)
        self.kv = nn.Linear(d_model, 2 * $groups * $d_head$bias)
{_MADE.strip(chr(10))}

    def forward(self, x: Tensor, memory: Tensor$prefix) -> Tensor:
        """(batch, pos, d_model) and the encoder's (batch, context, d_model) to (batch, pos, d_model)."""
        q, (k, v) = self.query(x), self.kv(memory).chunk(2, dim=-1)
{_SPLIT.strip(chr(10))}
{_SCORES.strip(chr(10))}
        scores = scores.masked_fill(unseen, -torch.inf)  # said by a gist token  #? gisted
{_PATTERN.strip(chr(10))}
'''
