"""The patch encoder of a multi-domain model as a class of the written file, and the waves with which its bins start."""

from __future__ import annotations

from playground.interchange.code_lines import Kind
from playground.spec.model import ModelSpec

PATCHES = '''
class PatchEncoder(nn.Module):
    """A patch as one vector: a residual block, and vectors of its row and column (Reed et al. 2022, §2.2)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d($colours, $channels, 3, padding=1)
        self.norm1 = nn.GroupNorm($groups, $channels)
        self.norm2 = nn.GroupNorm($groups, $channels)
        self.conv1 = nn.Conv2d($channels, $channels, 3, padding=1)
        self.conv2 = nn.Conv2d($channels, $channels, 3, padding=1)
        self.out = nn.Linear($channels * $patch**2, d_model)
        self.row = nn.Embedding($intervals, d_model)
        self.column = nn.Embedding($intervals, d_model)

    def forward(self, patches: Tensor, places: Tensor) -> Tensor:
        """Patches (n, $colours, $patch, $patch) and their intervals of row and column (n, 2): vectors (n, d_model)."""
        x = self.stem(patches)
        x = x + self.conv2(F.gelu(self.norm2(self.conv1(F.gelu(self.norm1(x))))))
        return self.out(x.flatten(1)) + self.row(places[:, 0]) + self.column(places[:, 1])
'''

WAVES = '''
def waves(bins: int) -> Tensor:
    """Random waves of the bins' centres, (bins, d_model): neighbours are alike (Tancik et al. 2020)."""
    centres = (torch.arange(bins) + 0.5) / bins * 2.0 - 1.0
    speed = torch.exp(torch.rand(d_model) * math.log(max(2.0, bins * math.pi / 8)))
    return math.sqrt(2.0) * torch.cos(centres[:, None] * speed + torch.rand(d_model) * 2 * math.pi)
'''


def settings(spec: ModelSpec) -> dict[str, str]:
    """The numbers of the templates, and none where the model reads text only."""
    about = spec.embedding.modalities
    names = ("colours", "channels", "groups", "patch", "intervals", "bins")
    return {} if about is None else {**{name: str(getattr(about, name)) for name in names}, "local": str(about.places + 2)}


def patch_encoder(spec: ModelSpec) -> list[Kind]:
    """The class of the patch encoder, where there is one."""
    return [Kind("PatchEncoder", PATCHES, [{}], {}, settings(spec))] if spec.multi_domain else []
