"""MADE: layers whose masks follow from degrees, and a head for the outputs."""

from __future__ import annotations

import math
import os
import reprlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from inspect import signature
from itertools import pairwise
from typing import Any, Self

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from ..common.arguments import (
    check_choice,
    check_count,
    check_last_dimension,
    check_number,
    check_rows,
    check_switch,
    check_widths,
    values_may_be_checked,
)
from .activations import Activation, make_activation
from .heads import Bernoulli, Head, check_head
from .mask_sets import MaskSets
from .masked_linear import MaskedLinear
from .masks import DegreeDraw, Ordering, build_masks, find_ordering
from .sampling import METHODS, Method, evaluation_mode, sample_in_chunks, sample_rows
from .saving import read_model, write_model

FIRST_SETS = 32
"""Largest number of sets of masks over which :func:`scale_weights` averages."""


class MADE(nn.Module):
    r"""Masked autoencoder for distribution estimation.

    .. math::
        \log p(x) = \sum_{i=1}^{D} \log p(x_i \mid x_{j} : m^0(j) < m^0(i))

    One forward pass gives all D conditionals, because the masks let output i depend only on the
    variables that are generated before variable i. The masks follow from *degrees*. The degree of
    a variable is its step m⁰. A hidden unit sees units of at most its own degree, and an output
    sees only units of a smaller degree (see :func:`made_course.build_masks`).

    Args:
        input_dim: number of variables D.
        hidden_dims: width of each hidden layer; ``()`` gives one regression per variable.
        natural_order: generate x₁ first and x_D last; False draws a random ordering.
        activation: ``"relu"``, ``"tanh"``, ``"silu"``, or a class of elementwise modules such as
            ``torch.nn.GELU``.
        ordering: (D,) permutation of 0..D-1, used instead of ``natural_order``; ``ordering[t]`` is
            generated at step t + 1. Or a list of groups such as ``[[1, 2], [0]]``: the variables of
            a group are generated in one step, and none of them sees another.
        degrees: how hidden degrees are drawn, ``"uniform"``, ``"paper"`` or ``"even"``, see
            :func:`made_course.hidden_degrees`.
        head: distribution of the variables: ``Bernoulli()`` (None), ``Categorical(num_classes)``,
            ``MixtureOfGaussians(num_components)``, ``Mixed([...])`` with one head per column (for a
            table, ``table.head``), or your own :class:`made_course.Head`.
        direct: add masked connections from the inputs to the outputs; they start at zero.
        dropout: probability that a hidden unit is switched off while training.
        conditioning: add a second weight matrix to layers that read the inputs, see
            :class:`MaskedLinear`. It lets a unit distinguish a variable that is 0 from one that it
            does not see, which helps if masks change.
        num_masks: number K of stored sets of masks, each with its own hidden degrees and, if the
            ordering is random, its own ordering. :meth:`resample_masks` switches to the next
            set, or draws a new set if this is 1 or None. None also allows ensembles of any size
            and, if the ordering is random, completion in any ordering.
        seed: seed of orderings and degrees, and nothing else; None draws them from torch's global
            stream. Ensembles with ``num_masks=None`` do not depend on it, because set k always has
            the seed k.

    Raises:
        TypeError or ValueError: if an argument has a wrong type or value, ``ordering`` is not a
            permutation, or ``head`` has a different number of columns.

    Source:
        Germain et al. 2015, "Masked Autoencoders" and Algorithm 1; "Order-agnostic training" and
        "Connectivity-agnostic training" for many masks, the former after Uria et al. 2014, "A Deep
        and Tractable Density Estimator".

    Example:
        >>> model = MADE(3, hidden_dims=(4, 4), ordering=[1, 2, 0], seed=0)  # x2, x3, x1
        >>> model.order
        tensor([3, 1, 2])
        >>> x = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 3)  # all 2³ inputs
        >>> round(model.log_prob(x).exp().sum().item(), 5)
        1.0
    """

    net: Sequence[MaskedLinear]  # an nn.ModuleList; Sequence tells type checkers its layers' class
    table: Any = None  # the table that was saved with a loaded model

    def __init__(
        self,
        input_dim: int,
        hidden_dims: Sequence[int] = (512, 512),
        natural_order: bool = True,
        activation: Activation = "relu",
        *,
        ordering: Ordering | None = None,
        degrees: DegreeDraw = "uniform",
        head: Head | None = None,
        direct: bool = False,
        dropout: float = 0.0,
        conditioning: bool = False,
        num_masks: int | None = 1,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        self.arguments = {name: value for name, value in locals().items() if name in DEFAULTS}
        self.input_dim = check_count("input_dim", input_dim)
        self.hidden_dims = check_widths(hidden_dims)
        check_switch("natural_order", natural_order)
        self.act = make_activation(activation)
        self.head = Bernoulli() if head is None else check_head(head, self.input_dim)
        self.dropout, self.num_masks = check_number("dropout", dropout, largest=1), num_masks

        inputs, outputs = (numbers.tolist() for numbers in self.head.widths(self.input_dim))
        widths = [sum(inputs), *self.hidden_dims, sum(outputs)]
        self.net = nn.ModuleList(  # type: ignore[assignment]
            MaskedLinear(below, above, conditioning=conditioning and k == 0)
            for k, (below, above) in enumerate(pairwise(widths))
        )
        self.direct = None
        if direct:
            self.direct = MaskedLinear(widths[0], widths[-1], False, conditioning=conditioning)
            nn.init.zeros_(self.direct.weight)
        with torch.no_grad():
            for i, biases in enumerate(self.net[-1].bias.split(outputs)):
                if (start := self.head.select(i).initial_params()) is not None:
                    biases.copy_(start)

        self.mask_sets = MaskSets(
            self.input_dim, self.hidden_dims, natural_order, ordering, degrees, num_masks, seed
        )
        self._borrowed: list[Tensor] | None = None  # degrees while using_degrees is active
        self.arguments["hidden_dims"] = tuple(self.hidden_dims)  # a copy for ``save``
        if ordering is not None:
            self.arguments["ordering"] = find_ordering(self.order)
        for layer in self._layers():  # masks are not saved, because they follow from degrees
            layer.register_buffer("mask", layer.mask, persistent=False)
        set_masks(self)
        scale_weights(self)
        self.register_load_state_dict_post_hook(set_masks)

    # ---- masks ------------------------------------------------------------------------------

    @property
    def degrees(self) -> list[Tensor]:
        """The degrees in use: LongTensors for the variables (D,) and for each hidden layer."""
        return self.mask_sets.degrees() if self._borrowed is None else self._borrowed

    @property
    def order(self) -> Tensor:
        """(D,) LongTensor, degrees m⁰: the step, counted from 1, that generates each variable."""
        return self.degrees[0]

    @property
    def masks(self) -> list[Tensor]:
        """The masks in use, one BoolTensor (out_features, in_features) per layer of ``net``."""
        return [layer.mask.bool() for layer in self.net]

    def resample_masks(self) -> None:
        """Switch to the next of K stored sets of masks, or draw a new set if there is only one.

        A natural or given ordering is kept. Outputs computed before the call keep the old masks, so
        ``backward()`` still gives their gradients.
        """
        self.mask_sets.step()
        set_masks(self)

    @contextmanager
    def using_degrees(self, degrees: Sequence[Tensor]) -> Iterator[None]:
        """Use other degrees, of the variables and of each hidden layer, inside the ``with``.

        Example:
            >>> model = MADE(3, (4,), natural_order=False, num_masks=None, seed=0)
            >>> with model.using_degrees([torch.tensor([3, 1, 2]), torch.tensor([1, 1, 2, 2])]):
            ...     print(model.order)
            tensor([3, 1, 2])
        """
        before = self._borrowed
        self._borrowed = [d.to(self.net[0].weight.device) for d in degrees]
        try:
            set_masks(self)
            yield
        finally:
            self._borrowed = before
            set_masks(self)

    def _layers(self) -> list[MaskedLinear]:
        return [*self.net] if self.direct is None else [*self.net, self.direct]

    # ---- density ----------------------------------------------------------------------------

    def forward(self, x: Tensor) -> Tensor:
        """Return the parameters of all conditionals: logits (B, D) for binary rows (B, D).

        For a head with P > 1 parameters per variable, the shape is (B, D, P). For
        :class:`made_course.Mixed`, each row holds all parameters, variable by variable. Instead of
        B, there may be any other leading dimensions. Raises a TypeError if ``x`` is not a tensor,
        and a ValueError if its last dimension is not D.
        """
        check_last_dimension(x, self.input_dim)
        h = inputs = self.head.encode(x.to(self.net[0].weight.dtype)).flatten(x.dim() - 1)
        for layer in self.net[:-1]:
            h = F.dropout(self.act(layer(h)), self.dropout, self.training)
        outputs = self.net[-1](h)
        if self.direct is not None:
            outputs = outputs + self.direct(inputs)
        if outputs.shape[-1] == self.input_dim:
            return outputs
        return self.head.reshape_outputs(outputs)

    def log_prob(self, x: Tensor, ensemble: int | None = None) -> Tensor:
        r"""Return the log-probability (B,) of each row, in nats, or its log-density.

        An ensemble averages the probabilities under k sets of masks:
        :math:`\log \frac{1}{k} \sum_{j=1}^{k} e^{\log p_j(x)}`. (Averaging logits over orderings
        would not give a probability.)

        Args:
            x: (B, D) values that the head allows, such as zeros and ones; bool and int are cast.
            ensemble: None uses the set of masks in use; k averages over the first k stored sets
                or, with ``num_masks=None``, over k sets that are the same in every call.

        Raises:
            TypeError: if ``x`` is not a tensor, or ``ensemble`` is not a whole number.
            ValueError: if ``x`` has a wrong shape or value, or ``ensemble`` exceeds ``num_masks``.
        """
        if ensemble is None:
            return self.log_conditionals(x).sum(dim=-1)
        members = []
        for degrees in self.mask_sets.member_degrees(ensemble):
            with self.using_degrees(degrees):
                members.append(self.log_prob(x))
        return torch.stack(members).logsumexp(dim=0) - math.log(ensemble)

    def log_conditionals(self, x: Tensor) -> Tensor:
        """Return log p(xᵢ | variables before xᵢ), (B, D) in nats, for rows (B, D).

        The errors are those of :meth:`log_prob`.
        """
        if values_may_be_checked():
            self.check_data(x)
        x = x.to(next(self.parameters()).dtype)
        params = self(x).to(x.dtype)  # autocast may give logits in half precision
        return self.head.log_prob(self.head.reshape_outputs(params.flatten(x.dim() - 1)), x)

    def check_data(self, x: Tensor) -> None:
        """Raise a TypeError or ValueError unless ``x`` is (B, D) and the head allows its values."""
        check_rows(x, self.input_dim)
        self.head.check(x)

    def n_parameters(self) -> int:
        """Return the number of weights and biases, masked ones included.

        Example:
            >>> MADE(784, hidden_dims=(512, 512)).n_parameters()
            1066768
        """
        return sum(p.numel() for p in self.parameters())

    # ---- samples ----------------------------------------------------------------------------

    def sample(
        self,
        n_samples: int,
        device: torch.device | str | None = None,
        *,
        method: Method = "incremental",
        noise: Tensor | None = None,
        generator: Generator | None = None,
        ensemble: int | None = None,
    ) -> Tensor:
        r"""Draw samples (n, D), variable by variable in the model's ordering.

        A binary variable i is 1 where its noise is at most :math:`p(x_i = 1 \mid x_{before})`. For
        variables of other kinds, see ``sample`` of their head. Dropout is off.

        Args:
            n_samples: number of samples n.
            device: device of the samples; None is the model's.
            method: ``"incremental"`` computes each unit once, ``"naive"`` takes D forward passes.
                With the same noise they give the same samples, up to rounding in float32.
            noise: (n, D) uniforms in [0, 1] to use instead of fresh ones.
            generator: source of fresh noise, on the model's device; None is torch's global stream.
            ensemble: k draws each sample under one of the k sets of masks of :meth:`log_prob`,
                chosen at random by the noise of variable 0. None uses the set in use.

        Raises:
            TypeError or ValueError: if an argument has a wrong type, shape or value, ``noise`` is
                given with a ``generator``, or ``ensemble`` exceeds ``num_masks``.

        Example:
            >>> model = MADE(3, hidden_dims=(4,), seed=0)
            >>> model.sample(2, noise=torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 1.0]]))
            tensor([[1., 0., 1.],
                    [0., 1., 0.]])
        """
        check_choice("method", method, METHODS)
        members = None if ensemble is None else self.mask_sets.member_degrees(ensemble)
        with evaluation_mode(self):
            return sample_in_chunks(
                partial(sample_rows, self, method=method, members=members),
                (check_count("n_samples", n_samples), self.input_dim),
                self.net[0].weight,
                device=device,
                noise=noise,
                generator=generator,
            )

    # ---- files and print --------------------------------------------------------------------

    def extra_repr(self) -> str:
        """Return the arguments that differ from their defaults, for ``print(model)``."""
        shown = ((k, v) for k, v in self.arguments.items() if v != DEFAULTS[k].default)
        return ", ".join(f"{name}={reprlib.repr(value)}" for name, value in shown)

    def save(self, path: str | os.PathLike[str], table: Any = None) -> None:
        """Write arguments, head and state dict to one file, from which :meth:`load` reads a model.

        The activation must have been given by name, and the head must be from the package.

        Args:
            path: file to write.
            table: result of :func:`made_course.load_table`; only its columns are saved. With them,
                ``load_table(file, like=model.table)`` reads new rows. None saves the model's table.

        Raises:
            OSError: if the file cannot be written.
            TypeError: if ``table`` is not a table.
            ValueError: if it does not have D columns, or the model cannot be saved.

        Example:
            >>> import tempfile
            >>> path = f"{tempfile.mkdtemp()}/model.pt"
            >>> MADE(3, (8,), ordering=[1, 2, 0], seed=0).save(path)
            >>> MADE.load(path).order
            tensor([3, 1, 2])
        """
        table = self.table if table is None else table
        write_model(path, self.arguments, self.state_dict(), table)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Return the model that :meth:`save` wrote, in evaluation mode, on the CPU.

        Raises:
            OSError: if the file cannot be read.
            ValueError: if it is damaged, or was not written by :meth:`save`.
        """
        arguments, state, table = read_model(path)
        # so that loading leaves the global random stream unchanged
        with torch.random.fork_rng(devices=[]):
            model = cls(**arguments)
        model.to(state["net.0.weight"].dtype).load_state_dict(state)
        model.table = table
        return model.eval()


DEFAULTS = signature(MADE).parameters


def set_masks(model: MADE, _incompatible_keys: object = None) -> None:
    """Set the mask of every layer from the degrees in use; also runs after ``load_state_dict``."""
    # outside inference mode, because autograd could not use masks that were made in it
    with torch.inference_mode(False):
        masks = _build_all_masks(model, model.degrees)
        for layer, mask in zip(model._layers(), masks, strict=True):
            layer.set_mask(mask)


@torch.no_grad()
def scale_weights(model: MADE, power: float = -0.5) -> None:
    r"""Multiply each unit's weights by a power of the fraction of its inputs that it sees.

    PyTorch initialises the n weights of a unit uniformly in :math:`\pm 1/\sqrt{n}`, so that the
    size of the unit's input does not depend on n. If a mask keeps only m of them, that input
    shrinks by :math:`\sqrt{m/n}`. A power of -1/2 compensates for this, and 1/2 undoes it. With
    several sets of masks, m/n is averaged over the sets. A categorical variable has K inputs, but
    only one of them is nonzero, so the first layer counts variables instead of inputs.
    """
    inputs = model.head.widths(model.input_dim)[0].to(model.order.device)
    per_input = 1 / inputs.repeat_interleave(inputs)
    shares = []
    for degrees in model.mask_sets.member_degrees(min(model.num_masks or FIRST_SETS, FIRST_SETS)):
        first, *masks = [mask.to(per_input) for mask in _build_all_masks(model, degrees)]
        shares.append([first @ per_input / len(inputs), *(mask.mean(dim=1) for mask in masks)])
    for layer, *unit_shares in zip(model.net, *shares, strict=False):
        share = torch.stack(unit_shares).mean(dim=0)
        layer.weight *= share.where(share > 0, 1.0)[:, None] ** power


def _build_all_masks(model: MADE, degrees: Sequence[Tensor]) -> list[Tensor]:
    """Return the masks of all layers, and then the mask of direct connections, if there are any.

    Every input and every output of a variable has the degree of the variable.
    """
    device = model.net[0].weight.device
    order, *hidden = [d.to(device, torch.float32) for d in degrees]  # floats compare fastest
    inputs, outputs = (order.repeat_interleave(w.to(device)) for w in model.head.widths(len(order)))
    masks = build_masks([inputs, *hidden], outputs)
    return masks if model.direct is None else [*masks, outputs[:, None] > inputs]
