"""MADE itself: masked layers, whose masks follow from degrees, and what an output means."""

from __future__ import annotations

import math
import os
import reprlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from inspect import signature
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from ..common.arguments import (
    check_choice,
    check_count,
    check_last_dimension,
    check_number,
    check_rows,
    check_widths,
    values_may_be_checked,
)
from .activations import Activation, make_activation
from .heads import Bernoulli, Head, check_head
from .mask_sets import MaskSets
from .masked_linear import MaskedLinear
from .masks import DegreeDraw, Ordering
from .sampling import METHODS, Method, evaluation_mode, sample_in_chunks, sample_rows
from .saving import read_model, write_model

if TYPE_CHECKING:
    from .table import Table

FIRST_SETS = 32
"""As many sets of masks are looked at for initial weights, where there are more."""


class MADE(nn.Module):
    r"""Masked autoencoder for distribution estimation.

    .. math::
        \log p(x) = \sum_{i=1}^{D} \log p(x_i \mid x_{j} : m^0(j) < m^0(i))

    One forward pass gives all D conditionals: the masks see to it that output i depends only on the
    variables generated before variable i. They follow from *degrees*: a variable's is its step m⁰;
    a hidden unit sees units of at most its own degree, an output only those of a smaller one (see
    :func:`made_course.build_masks`). A unit that m of n variables, or units below, reach begins
    with PyTorch's weights times √(n / m), on average over its sets of masks.

    Args:
        input_dim: number of variables D.
        hidden_dims: width of each hidden layer; ``()`` leaves D regressions, logistic ones where
            variables are binary.
        natural_order: generate x₁ first and x_D last; False draws a random ordering.
        activation: ``"relu"``, ``"tanh"``, ``"silu"`` or a class of modules that work number by
            number, such as ``torch.nn.GELU``.
        ordering: (D,) permutation of 0..D-1 to use instead; ``ordering[t]`` is generated at step t.
            Or a list of groups: variables of a group are generated at once, and none of them sees
            another.
        degrees: how hidden degrees are drawn, ``"uniform"``, ``"paper"`` or ``"even"``: see
            :func:`made_course.model.masks.hidden_degrees`.
        head: what an output means: ``Bernoulli()`` (None), ``Categorical(num_classes)``,
            ``MixtureOfGaussians(num_components)``, ``Mixed([...])`` with a head for each column,
            or a :class:`made_course.model.heads.Head` of yours.
        direct: add masked connections from the inputs straight to the outputs; they start at zero.
        dropout: share of hidden units switched off at random while training.
        conditioning: tell a unit which inputs it sees, by a second matrix of weights wherever a
            layer reads the inputs, in direct connections, too: see :class:`MaskedLinear`. Without
            it, a variable that is 0 and one that is not known yet look alike. It pays where
            masks change.
        num_masks: number K of stored sets of masks, each with its own hidden degrees and, where
            the ordering is random, its own ordering; :meth:`resample_masks` goes from one to the
            next. None draws a fresh set each time, without end.
        seed: governs orderings and degrees, and nothing else; None draws them from torch's stream.

    Raises:
        TypeError, ValueError: if an argument is not as described.

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

    net: Sequence[MaskedLinear]  # a ModuleList, which cannot say of what
    table: Table | None = None

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
        self.input_dim = check_count("input_dim", input_dim)
        self.hidden_dims = check_widths(hidden_dims)
        if not isinstance(natural_order, bool):
            raise TypeError(
                f"natural_order must be True or False, got {natural_order!r}: name what comes "
                'after hidden_dims, as in activation="tanh"'
            )
        self.activation, self.act = activation, make_activation(activation)
        self.dropout = check_number("dropout", dropout)
        if self.dropout >= 1:
            raise ValueError(f"dropout must be less than 1, got {dropout}")
        self.head = Bernoulli() if head is None else check_head(head, self.input_dim)

        self.mask_sets = MaskSets(  # which degrees are in use: all that is saved of the masks
            self.input_dim,
            self.hidden_dims,
            natural_order=natural_order,
            ordering=ordering,
            kind=degrees,
            num_masks=num_masks,
            seed=seed,
        )
        self.num_masks = self.mask_sets.num_masks

        inputs, outputs = (widths.tolist() for widths in self.head.widths(self.input_dim))
        widths = [sum(inputs), *self.hidden_dims, sum(outputs)]
        self.net = nn.ModuleList(  # type: ignore[assignment]
            MaskedLinear(below, above, conditioning=bool(conditioning) and k == 0)
            for k, (below, above) in enumerate(pairwise(widths))
        )
        with torch.no_grad():
            for i, biases in enumerate(self.net[-1].bias.split(outputs)):
                if (start := self.head.of(i).start()) is not None:
                    biases.copy_(start)
        self.direct = None
        if direct:
            self.direct = MaskedLinear(
                widths[0], widths[-1], False, conditioning=bool(conditioning)
            )
            nn.init.zeros_(self.direct.weight)
        for layer in self._layers():  # the degrees are saved, and masks follow from them
            layer.register_buffer("mask", layer.mask, persistent=False)

        self.mask_sets.draw()  # after the weights: so a seed gives the draws that it ever gave
        self._under: list[Tensor] | None = None
        set_masks(self)
        scale_weights(self)
        self.register_load_state_dict_post_hook(set_masks)

    # ---- structure --------------------------------------------------------------------------

    @property
    def degrees(self) -> list[Tensor]:
        """LongTensors: degrees of the variables and of each hidden layer, from below upwards."""
        return self.mask_sets.degrees if self._under is None else self._under

    @property
    def order(self) -> Tensor:
        """(D,) LongTensor, degrees m⁰ of the variables: 1 + the step at which each is generated."""
        return self.degrees[0]

    @property
    def masks(self) -> list[Tensor]:
        """BoolTensors (out_features, in_features), one a layer, without the direct connections'."""
        return [layer.mask.bool() for layer in self.net]

    def resample_masks(self) -> None:
        """Go on to the next set of masks: the next of K stored ones, or else a new draw.

        A draw has new hidden degrees and, with ``natural_order=False``, a new ordering; an ordering
        that was given explicitly stays. What was computed before keeps its masks, so that gradients
        of it are right.
        """
        self.mask_sets.step()
        set_masks(self)

    @contextmanager
    def under(self, degrees: Sequence[Tensor]) -> Iterator[None]:
        """Use the masks of other degrees inside a ``with``, in one thread at a time.

        Args:
            degrees: of the variables and of each hidden layer.

        Example:
            >>> model = MADE(3, (4,), natural_order=False, num_masks=None, seed=0)
            >>> with model.under([torch.tensor([3, 1, 2]), torch.tensor([1, 1, 2, 2])]):
            ...     print(model.order)
            tensor([3, 1, 2])
        """
        before = self._under
        self._under = [d.to(self.net[0].weight.device) for d in degrees]
        try:
            set_masks(self)
            yield
        finally:
            self._under = before
            set_masks(self)  # anew: inside, the model may have gone on to others, or to float64

    def _layers(self) -> list[MaskedLinear]:
        """All of them, the direct connections last."""
        return [*self.net] if self.direct is None else [*self.net, self.direct]

    def n_parameters(self) -> int:
        """Number of weights and biases, masked ones included.

        Example:
            >>> MADE(784, hidden_dims=(512, 512)).n_parameters()
            1066768
        """
        return sum(p.numel() for p in self.parameters())

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments that build this model, but for its weights."""
        return {
            "input_dim": self.input_dim,
            "hidden_dims": self.hidden_dims,
            "activation": self.activation,
            "head": self.head,
            "direct": self.direct is not None,
            "dropout": self.dropout,
            "conditioning": self.net[0].conditioning is not None,
            **self.mask_sets.arguments,
        }

    def extra_repr(self) -> str:
        """Return the arguments that are not the defaults, for ``print(model)``."""
        defaults = signature(MADE).parameters
        return ", ".join(
            f"{name}={reprlib.repr(value)}"
            for name, value in self.arguments.items()
            if value != defaults[name].default
        )

    # ---- density ----------------------------------------------------------------------------

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, D): output i is the logit of p(xᵢ = 1 | the variables before xᵢ).

        A head with P > 1 parameters for each variable gets (B, D, P), and says what they mean;
        :class:`made_course.Mixed` gets one row of them, those of the first variable in front.

        Args:
            x: (B, D); any leading dimensions will do.

        Raises:
            TypeError: if ``x`` is not a tensor.
            ValueError: if its last dimension is not D.
        """
        check_last_dimension(x, self.input_dim)
        h = inputs = self.head.encode(x.to(self.net[0].weight.dtype)).flatten(x.dim() - 1)
        *hidden, last = self.net
        for layer in hidden:
            h = F.dropout(self.act(layer(h)), self.dropout, self.training)
        outputs = last(h) if self.direct is None else last(h) + self.direct(inputs)
        return outputs if outputs.shape[-1] == self.input_dim else self.head.arranged(outputs)

    def log_prob(self, x: Tensor, ensemble: int | None = None) -> Tensor:
        r"""Log-probability of each row in nats; of its density, where the head has one.

        With ``ensemble=k`` it is that of the mixture of k sets of masks, which averages their
        probabilities: :math:`\log \frac{1}{k} \sum_{j=1}^{k} e^{\log p_j(x)}`. (A mean of logits
        over orderings would be no probability.)

        Args:
            x: (B, D) of values of the head: zeros and ones, classes, ...; bool and integers are
                cast.
            ensemble: None is the set of masks in use; k the first k stored sets or, with
                ``num_masks=None``, k sets that are drawn from a fixed seed.

        Returns:
            (B,) log-probabilities; ≤ 0 unless of a density.

        Raises:
            TypeError: if ``x`` is not a tensor.
            ValueError: if it is not (B, D), a value is none of the head's, or ``ensemble`` is less
                than 1 or more than there are sets of masks.

        Source:
            Germain et al. 2015, "Distribution Estimation as Autoregression"; "Order-agnostic
            training" for ensembles.
        """
        if ensemble is None:
            self._check_values(x)
            return self._log_conditionals(x).sum(dim=-1)
        members = []
        for degrees in self.mask_sets.members(ensemble):
            with self.under(degrees):
                members.append(self.log_prob(x))
        return torch.stack(members).logsumexp(dim=0) - math.log(ensemble)

    def log_conditionals(self, x: Tensor) -> Tensor:
        """Log-probability, or density, of each variable given those before it: (B, D) to (B, D).

        Their sum over a row is its :meth:`log_prob`.

        Raises:
            TypeError: if ``x`` is not a tensor.
            ValueError: if it is not (B, D), or a value is none of the head's.
        """
        self._check_values(x)
        return self._log_conditionals(x)

    def _log_conditionals(self, x: Tensor) -> Tensor:
        x = x.to(self.net[0].weight.dtype)
        params = self(x).to(x.dtype)  # under autocast, probabilities are not in half precision
        return self.head.log_prob(self.head.arranged(params.flatten(x.dim() - 1)), x)

    def _check_values(self, x: Tensor) -> None:
        if values_may_be_checked():
            self.check_data(x)

    def check_data(self, x: Tensor) -> None:
        """Raise unless ``x`` holds rows for this model: (N, D), values of its head.

        Raises:
            TypeError: if ``x`` is not a tensor.
            ValueError: if it is not (N, D), or a value is none of the head's.
        """
        check_rows(x, self.input_dim)
        self.head.check(x)

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
        r"""Draw samples, variable by variable in the model's ordering.

        A binary variable i of a row is 1 where its noise is at most
        :math:`p(x_i = 1 \mid x_{before})`; see the heads for others. Dropout is off meanwhile, and
        the training mode and the masks in use stay as they were.

        Args:
            n_samples: number of rows n; beside the result, memory does not grow with it.
            device: where the samples go; None is the model's device.
            method: ``"incremental"`` (fast) or ``"naive"`` (D forward passes, to be read); on the
                same noise they give the same samples, up to rounding in float32.
            noise: (n, D) uniforms in [0, 1] to use instead of fresh ones.
            generator: source of the noise, on the model's device; None is torch's global stream.
            ensemble: None draws all rows under the masks in use; k draws each row under one of the
                k sets of masks of ``log_prob``, chosen at random: samples of that mixture. The
                noise of variable 0 chooses, and what it leaves is uniform again.

        Returns:
            (n, D) samples: zeros and ones, classes, ....

        Raises:
            TypeError, ValueError: if an argument is not as described.

        Example:
            >>> model = MADE(3, hidden_dims=(4,), seed=0)
            >>> model.sample(2, noise=torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 1.0]]))
            tensor([[1., 0., 1.],
                    [0., 1., 0.]])
        """
        check_choice("method", method, METHODS)
        members = None if ensemble is None else self.mask_sets.members(ensemble)
        with evaluation_mode(self):
            return sample_in_chunks(
                partial(sample_rows, self, method=method, members=members),
                (check_count("n_samples", n_samples), self.input_dim),
                self.net[0].weight,
                device=device,
                noise=noise,
                generator=generator,
            )

    # ---- files ------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str], table: Table | None = None) -> None:
        """Write arguments, head and state dict to one file, from which :meth:`load` reads a model.

        Args:
            path: file to write.
            table: what :func:`made_course.load_table` returned. Its columns are saved, so that
                ``load_table(file, like=model.table)`` reads new rows in the same way; its rows are
                not. None saves the table of the model, if it has one.

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
        """Return the model that :meth:`save` wrote, in evaluation mode, on the CPU."""
        arguments, state, table = read_model(path)
        with torch.random.fork_rng(devices=[]):  # its first weights are replaced at once
            model = cls(**arguments)
        model.to(state["net.0.weight"].dtype).load_state_dict(state)
        model.table = table
        return model.eval()


def set_masks(model: MADE, _incompatible_keys: object = None) -> None:
    """Set every layer's mask from the degrees in use; also runs after ``load_state_dict``.

    They are those of :func:`build_masks`, each compared right into a tensor of its layer's dtype.
    """
    units = _degrees_of_units(model, model.degrees)
    inputs, outputs = units[0], units[-1]
    connected = [*pairwise(units)]
    if model.direct is not None:
        connected.append((inputs, outputs))
    with torch.inference_mode(False):  # masks outlive it, and training needs them
        for layer, (below, above) in zip(model._layers(), connected, strict=True):
            mask = torch.empty_like(layer.mask)
            compare = torch.gt if above is outputs else torch.ge
            layer.mask = compare(above[:, None].expand_as(mask), below, out=mask)


@torch.no_grad()
def scale_weights(model: MADE, power: float = -0.5) -> None:
    r"""Multiply each unit's weights by a power of the share of its inputs that masks let through.

    PyTorch draws n weights within :math:`\pm 1/\sqrt{n}`: what they bring together is of one size
    then, whatever n is. Where m of them are let through it is :math:`\sqrt{m/n}` of that size. The
    power -1/2 makes up for it, and 1/2 goes back. Of several sets of masks the mean share counts.
    Inputs count by variable: of those of a class one alone is not zero, however many it has.
    """
    shares = []
    for degrees in model.mask_sets.members(min(model.num_masks or FIRST_SETS, FIRST_SETS)):
        inputs, *units = _degrees_of_units(model, degrees)
        layers = pairwise([degrees[0].to(inputs), *units])
        shares.append(
            [
                torch.searchsorted(below.sort().values, above, right=above is not units[-1])
                / len(below)
                for below, above in layers
            ]
        )
    for layer, *of_sets in zip(model.net, *shares, strict=True):
        share = torch.stack(of_sets).mean(dim=0)
        layer.weight *= share.where(share > 0, 1.0)[:, None] ** power


def _degrees_of_units(model: MADE, degrees: Sequence[Tensor]) -> list[Tensor]:
    """From below: all inputs and all outputs of a variable have the variable's degree."""
    weight = model.net[0].weight  # floats are compared several times as fast
    order, *hidden = [d.to(weight.device, torch.float32) for d in degrees]
    inputs, outputs = (w.to(weight.device) for w in model.head.widths(len(order)))
    return [order.repeat_interleave(inputs), *hidden, order.repeat_interleave(outputs)]
