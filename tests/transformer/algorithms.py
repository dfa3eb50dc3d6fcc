"""Algorithms 1 to 15 of Phuong & Hutter 2022 as printed: column vectors, indices from 1, one token at a time; slow on purpose.

A sequence, a matrix' columns, a list of layers: each has an unused place 0, so that every index reads as in the paper.
"""

import math

import numpy as np

Vector = np.ndarray
Columns = list  # [None, column 1, column 2, …]


def algorithm_1(v, w_e):
    """Token embedding."""
    return w_e[v]


def algorithm_2(place, w_p):
    """Positional embedding, learned."""
    return w_p[place]


def hard_coded(place, d_e, l_max):
    """Positional embedding, hard-coded: W_p[2i-1, t] = sin(t / l_max^(2i/d_e)), W_p[2i, t] = cos(…)."""
    column = np.zeros(d_e + 1)
    for i in range(1, d_e // 2 + 1):
        column[2 * i - 1] = math.sin(place / l_max ** (2 * i / d_e))
        column[2 * i] = math.cos(place / l_max ** (2 * i / d_e))
    return column[1:]


def softmax(values):
    powers = [math.exp(value - max(values)) for value in values]
    return [power / sum(powers) for power in powers]


def algorithm_3(e, context, w):
    """Basic single-query attention over the context e_1 … e_T."""
    q = w["q"] @ e + w["bq"]
    scores, values = [], []
    for t in range(1, len(context)):
        k = w["k"] @ context[t] + w["bk"]
        values.append(w["v"] @ context[t] + w["bv"])
        scores.append(q @ k / math.sqrt(len(k)))
    return sum(alpha * v for alpha, v in zip(softmax(scores), values, strict=True))


def algorithm_4(xs, zs, w, mask):
    """Attention(X, Z | W_qkv, Mask): S = KᵀQ, where not Mask[t_z, t_x] minus infinity, V softmax(S / √d_attn)."""
    out = [None]
    keys = [None] + [w["k"] @ z + w["bk"] for z in zs[1:]]
    values = [None] + [w["v"] @ z + w["bv"] for z in zs[1:]]
    for t_x in range(1, len(xs)):
        q = w["q"] @ xs[t_x] + w["bq"]
        s = [keys[t_z] @ q / math.sqrt(len(q)) if mask(t_z, t_x) else -math.inf for t_z in range(1, len(zs))]
        out.append(sum(a * values[t_z] for t_z, a in enumerate(softmax(s), start=1)))
    return out


def algorithm_5(xs, zs, w, mask):
    """MHAttention(X, Z | W, Mask)."""
    heads = [None] + [algorithm_4(xs, zs, w["heads"][h], mask) for h in range(1, len(w["heads"]))]
    out = [None]
    for t in range(1, len(xs)):
        y = np.concatenate([heads[h][t] for h in range(1, len(heads))])
        out.append(w["o"] @ y + w["bo"])
    return out


def algorithm_6(e, gamma, beta):
    """layer_norm(e | γ, β), with the biased variance and no epsilon."""
    m = sum(e) / len(e)
    v = sum((e - m) ** 2) / len(e)
    return (e - m) / math.sqrt(v) * gamma + beta


def rms_norm(e, gamma):
    """The same with m = β = 0."""
    return e / math.sqrt(sum(e**2) / len(e)) * gamma


def algorithm_7(e, w_u):
    """Unembedding."""
    return np.array(softmax(list(w_u @ e)))


def relu(x):
    return np.maximum(x, 0)


def gelu(x):
    return np.array([value * 0.5 * (1 + math.erf(value / math.sqrt(2))) for value in x])


def everything(t_z, t_x):
    return True


def unidirectional(t_z, t_x):
    return t_z <= t_x


def embedded(x, theta):
    return [None] + [algorithm_1(x[t], theta["e"]) + algorithm_2(t, theta["p"]) for t in range(1, len(x))]


def plus(xs, ys):
    return [None] + [a + b for a, b in zip(xs[1:], ys[1:], strict=True)]


def each(function, xs):
    return [None] + [function(x) for x in xs[1:]]


def mlp(xs, w, activation):
    return each(lambda e: w["2"] @ activation(w["1"] @ e + w["b1"]) + w["b2"], xs)


def normed(xs, pair):
    return each(lambda e: algorithm_6(e, *pair), xs)


def algorithm_8(z, x, theta):
    """EDTransformer(z, x | θ): the columns P[:, t] of probabilities."""
    zs = embedded(z, theta)
    for w in theta["encoder"][1:]:
        zs = plus(zs, algorithm_5(zs, zs, w["attention"], everything))
        zs = normed(zs, w["norm1"])
        zs = plus(zs, mlp(zs, w["mlp"], relu))
        zs = normed(zs, w["norm2"])
    xs = embedded(x, theta)
    for w in theta["decoder"][1:]:
        xs = plus(xs, algorithm_5(xs, xs, w["attention"], unidirectional))
        xs = normed(xs, w["norm1"])
        xs = plus(xs, algorithm_5(xs, zs, w["cross"], everything))
        xs = normed(xs, w["norm_cross"])
        xs = plus(xs, mlp(xs, w["mlp"], relu))
        xs = normed(xs, w["norm2"])
    return each(lambda e: algorithm_7(e, theta["u"]), xs)


def algorithm_9(x, theta):
    """ETransformer(x | θ)."""
    xs = embedded(x, theta)
    for w in theta["encoder"][1:]:
        xs = plus(xs, algorithm_5(xs, xs, w["attention"], everything))
        xs = normed(xs, w["norm1"])
        xs = plus(xs, mlp(xs, w["mlp"], gelu))
        xs = normed(xs, w["norm2"])
    xs = each(lambda e: gelu(theta["f"] @ e + theta["bf"]), xs)
    xs = normed(xs, theta["norm"])
    return each(lambda e: algorithm_7(e, theta["u"]), xs)


def algorithm_10(x, theta):
    """DTransformer(x | θ)."""
    xs = embedded(x, theta)
    for w in theta["decoder"][1:]:
        read = normed(xs, w["norm1"])
        xs = plus(xs, algorithm_5(read, read, w["attention"], unidirectional))
        xs = plus(xs, mlp(normed(xs, w["norm2"]), w["mlp"], gelu))
    xs = normed(xs, theta["norm"])
    return each(lambda e: algorithm_7(e, theta["u"]), xs)


def algorithm_11_loss(z, x, theta):
    """Lines 4 and 5 of EDTraining: - Σ_{t=1}^{l-1} log P[x[t+1], t]; its gradient times η is what line 6 takes off θ."""
    p = algorithm_8(z, x, theta)
    return -sum(math.log(p[t][x[t + 1] - 1]) for t in range(1, len(x) - 1))


def algorithm_12_loss(x, hidden, theta, mask_token):
    """Lines 3 to 11 of ETraining for the places that chance has chosen: the loss of the masked tokens alone."""
    seen = [None] + [mask_token if t in hidden else x[t] for t in range(1, len(x))]
    p = algorithm_9(seen, theta)
    return -sum(math.log(p[t][x[t] - 1]) for t in hidden)


def algorithm_13_loss(x, theta):
    """Lines 3 and 4 of DTraining."""
    p = algorithm_10(x, theta)
    return -sum(math.log(p[t][x[t + 1] - 1]) for t in range(1, len(x) - 1))


def tempered(p, tau):
    """q ∝ p^(1/τ)."""
    powers = p ** (1 / tau)
    return powers / sum(powers)


def algorithm_14(x, theta, l_gen, tau, choose):
    """DInference: l_gen more tokens; `choose` draws from q."""
    x, y = list(x), []
    for _ in range(l_gen):
        p = algorithm_10(x, theta)
        token = choose(tempered(p[len(x) - 1], tau))
        x.append(token)
        y.append(token)
    return y


def algorithm_15(z, theta, tau, choose, bos, eos, most):
    """EDInference: from bos until eos, or until there are `most` tokens, which an implementation needs."""
    x = [None, bos]
    while len(x) - 1 <= most and x[-1] != eos:
        p = algorithm_8(z, x, theta)
        x.append(choose(tempered(p[len(x) - 1], tau)))
    return x[2:]
