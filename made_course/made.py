"""The masked layer and MADE itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from zlib import crc32

import torch
import torch.nn.functional as F
from torch import BoolTensor, Generator, LongTensor, Tensor, nn

from .arguments import check_choice, check_count, check_number
from .heads import Bernoulli, Head
from .masks import (
    DEGREE_DRAWS,
    build_masks,
    check_mask,
    check_ordering,
    draw_degrees,
    input_degrees,
)
from .sampling import evaluation_mode, sample_in_parts, sample_incremental, sample_naive

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "silu": nn.SiLU}
SAMPLING_METHODS = ("incremental", "naive")


class MaskedLinear(nn.Linear):
    r"""A linear layer some of whose weights are held at zero: :math:`y = x (W \odot M)^\top + b`.

    The mask is applied at every forward pass, so that a masked weight has no effect and gets a
    gradient of exactly zero. It is a buffer: it moves and is saved with the layer, and no optimizer
    sees it. A new layer is unmasked.

    Args:
        in_features, out_features, bias: as for ``nn.Linear``.
        conditioning: add :math:`(U \odot M) \mathbf{1}`, the row sums of a second weight matrix
            under the same mask, so that a unit knows which inputs it sees. It starts at zero.

    Source:
        Germain et al. 2015, "Masked Autoencoders"; "Connectivity-agnostic training" for U.

    Example:
        >>> layer = MaskedLinear(2, 1, bias=False)
        >>> layer.set_mask(torch.tensor([[True, False]]))
        >>> layer(torch.tensor([[0.0, 1.0]])).item()  # x2 has no way to the output
        0.0
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, *, conditioning: bool = False
    ) -> None:
        super().__init__(in_features, out_features, bias)
        # of the weights' dtype: torch multiplies two floats many times faster than float and bool
        self.register_buffer("mask", torch.ones_like(self.weight, requires_grad=False))
        self.conditioning = nn.Parameter(torch.zeros_like(self.weight)) if conditioning else None

    def set_mask(self, mask: Tensor) -> None:
        """Use another mask: zeros and ones of any dtype, (out_features, in_features).

        Raises:
            TypeError: if it is not a tensor.
            ValueError: if its shape differs from the weight's, or a value is neither 0 nor 1.
        """
        mask = check_mask(mask, self.weight.shape)
        with torch.no_grad():
            self.mask.copy_(mask)

    def masked_weight(self, mask: Tensor | None = None) -> Tensor:
        r"""The weights that count, :math:`W \odot M`: (out_features, in_features)."""
        return self.weight * (self.mask if mask is None else mask)

    def masked_bias(self, mask: Tensor | None = None) -> Tensor | None:
        r"""What a unit gets whatever the inputs: b, or :math:`b + (U \odot M) \mathbf{1}`."""
        if self.conditioning is None:
            return self.bias
        sums = (self.conditioning * (self.mask if mask is None else mask)).sum(dim=1)
        return sums if self.bias is None else self.bias + sums

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """(..., in_features) to (..., out_features), under the layer's own mask or another one."""
        return F.linear(x, self.masked_weight(mask), self.masked_bias(mask))


class MADE(nn.Module):
    r"""Masked autoencoder for distribution estimation.

    .. math::
        \log p(x) = \sum_{i=1}^{D} \log p(x_i \mid x_{j} : m^0(j) < m^0(i))

    One forward pass gives all D conditionals: the masks see to it that output i depends only on the
    variables generated before variable i.

    Args:
        input_dim: number of variables D.
        hidden_dims: width of each hidden layer; ``()`` leaves D logistic regressions.
        natural_order: generate x₁ first and x_D last; False draws a random ordering.
        activation: ``"relu"``, ``"tanh"`` or ``"silu"``.
        ordering: (D,) permutation of 0..D-1 to use instead; ``ordering[t]`` is generated at step t.
        degrees: how hidden degrees are drawn, ``"uniform"``, ``"paper"`` or ``"even"``: see
            :func:`made_course.masks.hidden_degrees`.
        head: what an output means: ``Bernoulli()`` (None), ``Categorical(num_classes)``,
            ``MixtureOfGaussians(num_components)`` or a :class:`made_course.heads.Head` of yours.
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

    def __init__(
        self,
        input_dim: int,
        hidden_dims: Sequence[int] = (512, 512),
        natural_order: bool = True,
        activation: str = "relu",
        *,
        ordering: Tensor | Sequence[int] | None = None,
        degrees: str = "uniform",
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
        self.natural_order = natural_order
        self.degree_draw = check_choice("degrees", degrees, DEGREE_DRAWS)
        self.act = ACTIVATIONS[check_choice("activation", activation, tuple(ACTIVATIONS))]()
        self.dropout = check_number("dropout", dropout)
        if self.dropout >= 1:
            raise ValueError(f"dropout must be less than 1, got {dropout}")
        self.head = _check_head(head)
        self.seed = None if seed is None else check_count("seed", seed, smallest=0)
        self.has_given_ordering = ordering is not None
        if ordering is not None:
            ordering = check_ordering(ordering, self.input_dim)
        self.conditioning = bool(conditioning)
        self.num_masks = None if num_masks is None else check_count("num_masks", num_masks)

        inputs = self.input_dim * self.head.inputs_per_variable
        outputs = self.input_dim * self.head.params_per_variable
        self.net = nn.ModuleList(
            MaskedLinear(below, above, conditioning=self.conditioning and layer == 0)
            for layer, (below, above) in enumerate(pairwise([inputs, *self.hidden_dims, outputs]))
        )
        start = self.head.start()
        if start is not None:
            with torch.no_grad():
                self.net[-1].bias.copy_(start.repeat(self.input_dim))
        self.direct = None
        if direct:
            self.direct = MaskedLinear(inputs, outputs, bias=False, conditioning=self.conditioning)
            nn.init.zeros_(self.direct.weight)
        for layer in self._masked_layers():  # masks follow from the degrees: these are stored
            layer.register_buffer("mask", layer.mask, persistent=False)

        # What the state dict keeps of the masks: one row for each set of masks, small integers.
        rows = self.num_masks or 1
        small = torch.int16 if self.input_dim < 2**15 else torch.int32
        self.register_buffer("orders", torch.zeros(rows, self.input_dim, dtype=small))
        self.register_buffer(
            "hidden_degrees", torch.zeros(rows, sum(self.hidden_dims), dtype=small)
        )
        # which of the K sets is in use; where there are not several, the number of the draw
        self.register_buffer("position", torch.tensor(0))
        if ordering is not None:
            self.orders.copy_(input_degrees(ordering))
        for row in range(rows):
            self._draw_into(row, number=row)
        _install_masks(self)
        self.register_load_state_dict_pre_hook(_check_degrees)
        self.register_load_state_dict_post_hook(_install_masks)

    # ---- structure --------------------------------------------------------------------------

    @property
    def order(self) -> LongTensor:
        """(D,) degrees m⁰ of the variables: 1 + the step at which each is generated."""
        return self.orders[self._row()].long()

    @property
    def degrees(self) -> list[LongTensor]:
        """Degrees of the variables and of each hidden layer, from below upwards."""
        return self._stored_degrees(self._row())

    @property
    def masks(self) -> list[BoolTensor]:
        """Mask of every layer (out_features, in_features), without the direct connections'."""
        return [layer.mask.bool() for layer in self.net]

    def member_degrees(self, number: int) -> list[LongTensor]:
        """Degrees of one member of the ensemble of masks, counted from 0.

        They are those of a stored set of masks; with ``num_masks=None`` those of a fixed seed, so
        that member 3 is the same in every call and, with one release of PyTorch, in every run.

        Raises:
            TypeError, ValueError: if ``number`` is no whole number of at least 0, or there are not
                as many sets of masks.
        """
        number = check_count("number", number, smallest=0)
        if self.num_masks is None:
            return self._draw(Generator().manual_seed(number))
        if number >= self.num_masks:
            raise ValueError(
                f"there are {self.num_masks} sets of masks, counted from 0: got number {number}"
            )
        return self._stored_degrees(number)

    def _row(self) -> int:
        return int(self.position) if self._has_several_masks() else 0

    def _has_several_masks(self) -> bool:
        return self.num_masks is not None and self.num_masks > 1

    def _stored_degrees(self, row: int) -> list[LongTensor]:
        return [
            self.orders[row].long(),
            *self.hidden_degrees[row].long().split(self.hidden_dims),
        ]

    def _masked_layers(self) -> list[MaskedLinear]:
        """All of them, the direct connections last."""
        return [*self.net] if self.direct is None else [*self.net, self.direct]

    def masks_of(
        self, degrees: Sequence[Tensor], into: Sequence[Tensor] | None = None
    ) -> list[BoolTensor]:
        """The mask of each layer that follows from degrees, that of the direct connections last.

        All inputs and all outputs of a variable have the variable's degree.

        Args:
            degrees: of the variables and of each hidden layer.
            into: tensors of any dtype to write the masks into, instead of new ones.
        """
        order, *hidden = degrees
        inputs = order.repeat_interleave(self.head.inputs_per_variable)
        outputs = order.repeat_interleave(self.head.params_per_variable)
        masks = build_masks([inputs, *hidden], outputs, into and into[: len(self.net)])
        if self.direct is not None:
            masks += build_masks([inputs], outputs, into and into[-1:])
        return masks

    def n_parameters(self) -> int:
        """Number of weights and biases, masked ones included.

        Example:
            >>> MADE(784, hidden_dims=(512, 512)).n_parameters()
            1066768
        """
        return sum(p.numel() for p in self.parameters())

    def extra_repr(self) -> str:
        """What ``print(model)`` says of its arguments."""
        settings = {
            "input_dim": self.input_dim,
            "hidden_dims": self.hidden_dims,
            "natural_order": self.natural_order,
            "degrees": self.degree_draw,
            "dropout": self.dropout,
            "seed": self.seed,
        }
        if not isinstance(self.head, Bernoulli):
            settings["head"] = self.head
        if self.conditioning:
            settings["conditioning"] = True
        if self.num_masks != 1:
            settings["num_masks"] = self.num_masks
        if self.has_given_ordering:
            settings["ordering"] = shown_ordering(self.order)
        return ", ".join(f"{name}={value!r}" for name, value in settings.items())

    @torch.no_grad()
    def resample_masks(self) -> None:
        """Go on to the next set of masks: the next of K stored ones, or else a new draw.

        A draw has new hidden degrees and, with ``natural_order=False``, a new ordering; an ordering
        that was given explicitly stays. Call it between two training steps, never between a forward
        pass and its ``backward()``: that raises RuntimeError.
        """
        self.position += 1
        if self._has_several_masks():
            self.position %= self.num_masks
        else:
            self._draw_into(0, number=int(self.position))
        _install_masks(self)

    def _draw_into(self, row: int, number: int) -> None:
        generator = None
        if self.seed is not None:  # each draw has a seed of its own, so that a copy goes on alike
            seed = (self.seed + 1_000_003 * number) % 2**63
            generator = Generator().manual_seed(seed)
        order, *hidden = self._draw(generator)
        self.orders[row].copy_(order)
        if hidden:
            self.hidden_degrees[row].copy_(torch.cat(hidden))

    def _draw(self, generator: Generator | None) -> list[LongTensor]:
        """Degrees of a new set of masks."""
        if self.has_given_ordering:
            order = self.orders[0].long().cpu()
        elif self.natural_order:
            order = torch.arange(1, self.input_dim + 1, device="cpu")
        else:
            order = torch.randperm(self.input_dim, generator=generator, device="cpu") + 1
        return draw_degrees(order, self.hidden_dims, self.degree_draw, generator)

    # ---- density ----------------------------------------------------------------------------

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, D): output i is the logit of p(xᵢ = 1 | the variables before xᵢ).

        A head with P > 1 parameters for each variable gets (B, D, P).

        Args:
            x: (B, D); any leading dimensions will do.

        Raises:
            TypeError: if ``x`` is not a tensor.
            ValueError: if its last dimension is not D.
        """
        return self._outputs(self._as_input(x), self._masks_in_use())

    def _outputs(self, x: Tensor, masks: Sequence[Tensor]) -> Tensor:
        """What the network puts out under any masks."""
        layers = list(zip(self.net, masks, strict=False))
        h = inputs = self.head.encode(x).flatten(-2)
        for layer, mask in layers[:-1]:
            h = F.dropout(self.act(layer(h, mask)), self.dropout, self.training)
        layer, mask = layers[-1]
        outputs = layer(h, mask)
        if self.direct is not None:
            outputs = outputs + self.direct(inputs, masks[-1])
        if outputs.requires_grad and not is_transformed():
            outputs.register_hook(partial(_require_same_masks, mask, mask._version))
        per_variable = self.head.params_per_variable
        return outputs if per_variable == 1 else outputs.unflatten(-1, (-1, per_variable))

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
            return self.log_conditionals(x).sum(dim=-1)
        x = self._as_data(x)
        members = [
            self._log_conditionals(x, self._masks_for(self.member_degrees(number))).sum(dim=-1)
            for number in range(self._check_ensemble(ensemble))
        ]
        return torch.stack(members).logsumexp(dim=0) - math.log(len(members))

    def log_conditionals(self, x: Tensor, degrees: Sequence[Tensor] | None = None) -> Tensor:
        """Log-probability of each variable given those before it, in nats: (B, D) to (B, D).

        Their sum over a row is its :meth:`log_prob`.

        Args:
            x: (B, D), as for :meth:`log_prob`.
            degrees: of the variables and of each hidden layer, such as those that
                :func:`made_course.completion_degrees` returns; None are those in use.

        Raises:
            TypeError: if ``x`` is not a tensor.
            ValueError: if it is not (B, D), or a value is none of the head's.
        """
        x = self._as_data(x)
        masks = self._masks_in_use() if degrees is None else self._masks_for(degrees)
        return self._log_conditionals(x, masks)

    def _log_conditionals(self, x: Tensor, masks: Sequence[Tensor]) -> Tensor:
        outputs = self._outputs(x, masks).to(x.dtype)  # autocast ends where the products do
        return self.head.log_prob(outputs.view(*x.shape, self.head.params_per_variable), x)

    def _masks_in_use(self) -> list[Tensor]:
        return [layer.mask for layer in self._masked_layers()]

    def _masks_for(self, degrees: Sequence[Tensor]) -> list[Tensor]:
        """Those of other degrees, ready to be multiplied with the weights."""
        weight = self.net[0].weight
        return [mask.to(weight) for mask in self.masks_of([d.to(weight.device) for d in degrees])]

    def _check_ensemble(self, ensemble: int) -> int:
        ensemble = check_count("ensemble", ensemble)
        if self.num_masks is not None and ensemble > self.num_masks:
            raise ValueError(
                f"ensemble must be at most num_masks = {self.num_masks}, got {ensemble}: build the "
                f"model with num_masks={ensemble}, or with None"
            )
        return ensemble

    def check_data(self, x: Tensor) -> None:
        """Raise unless ``x`` is what this model gives a probability to: (B, D), values of its head.

        Raises:
            TypeError: if ``x`` is not a tensor.
            ValueError: if it is not (B, D), or a value is none of the head's.
        """
        if not isinstance(x, Tensor):
            raise TypeError(f"x must be a torch.Tensor, got {type(x).__name__}")
        if x.dim() != 2 or x.shape[1] != self.input_dim:
            raise ValueError(
                f"x must have shape (B, {self.input_dim}), got {tuple(x.shape)}: "
                "for images, use x.reshape(len(x), -1); for one row, x[None]"
            )
        self.head.check(x)

    def _as_input(self, x: Tensor) -> Tensor:
        if not isinstance(x, Tensor):
            raise TypeError(f"x must be a torch.Tensor, got {type(x).__name__}")
        if x.dim() == 0 or x.shape[-1] != self.input_dim:
            raise ValueError(
                f"the last dimension of x must be input_dim = {self.input_dim}, "
                f"got shape {tuple(x.shape)}: for images, use x.reshape(len(x), -1)"
            )
        return x.to(next(self.parameters()).dtype)

    def _as_data(self, x: Tensor) -> Tensor:
        inputs = self._as_input(x)
        if not is_transformed():
            self.check_data(x)
        return inputs

    # ---- samples ----------------------------------------------------------------------------

    @torch.no_grad()
    def sample(
        self,
        n_samples: int,
        device: torch.device | str | None = None,
        *,
        method: str = "incremental",
        noise: Tensor | None = None,
        generator: Generator | None = None,
        ensemble: int | None = None,
    ) -> Tensor:
        r"""Draw samples, variable by variable in the model's ordering.

        A binary variable i of a row is 1 where its noise is at most
        :math:`p(x_i = 1 \mid x_{before})`; see the heads for others. Dropout is off meanwhile, and
        the training mode and the masks in use stay as they were.

        Args:
            n_samples: number of rows n; any number, memory is bounded.
            device: where the samples go; None is the model's device.
            method: ``"incremental"`` (fast) or ``"naive"`` (D forward passes, to be read); on the
                same noise they give the same samples, up to rounding in float32.
            noise: (n, D) uniforms in [0, 1] to use instead of fresh ones.
            generator: source of the noise, on the model's device; None is torch's global stream.
            ensemble: None draws all rows under the masks in use; k draws each row under one of the
                first k sets of masks, chosen at random: samples of the mixture that ``log_prob``
                gives. The noise of variable 0 chooses, and what it leaves is uniform again.

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
        n_samples = check_count("n_samples", n_samples)
        check_choice("method", method, SAMPLING_METHODS)
        if ensemble is not None:
            ensemble = self._check_ensemble(ensemble)
        return sample_in_parts(
            lambda u: self._sample_rows(u, method, ensemble),
            (n_samples, self.input_dim),
            self.net[0].weight,
            device=device,
            noise=noise,
            generator=generator,
        )

    @torch.inference_mode()  # a fifth faster than no_grad; what leaves is a copy outside of it
    def _sample_rows(self, noise: Tensor, method: str, ensemble: int | None) -> Tensor:
        if ensemble is None:
            return self._sample_under(self.degrees, self._masks_in_use(), noise, method)
        noise = noise.clone()
        noise[:, 0] *= ensemble
        members = noise[:, 0].long().clamp(max=ensemble - 1)  # noise of exactly 1 is the last's
        noise[:, 0] -= members
        samples = torch.empty_like(noise, dtype=self.net[0].weight.dtype)
        for number in members.unique().tolist():
            degrees = self.member_degrees(number)
            masks = self._masks_for(degrees)
            rows = members == number
            samples[rows] = self._sample_under(degrees, masks, noise[rows], method).to(samples)
        return samples

    def _sample_under(
        self, degrees: Sequence[Tensor], masks: Sequence[Tensor], noise: Tensor, method: str
    ) -> Tensor:
        if method == "incremental":
            return self._incremental(degrees, masks, noise)
        with evaluation_mode(self):
            return sample_naive(
                lambda x: self._outputs(self._as_input(x), masks), degrees[0], noise, self.head
            )

    @torch.inference_mode()
    def sample_given(
        self, degrees: Sequence[Tensor], given: Tensor, known: Tensor, noise: Tensor
    ) -> Tensor:
        """Draw the unknown variables of each row under the masks of any degrees.

        For :func:`made_course.sampling.complete`, which says what such samples are worth: each
        variable is drawn given those before it alone.

        Args:
            degrees: of the variables and of each hidden layer.
            given: (n, D) of which the known values are kept.
            known: (D,) BoolTensor.
            noise: (n, D) uniforms.

        Returns:
            (n, D) samples.
        """
        return self._incremental(degrees, self._masks_for(degrees), noise, given, known)

    def _incremental(
        self,
        degrees: Sequence[Tensor],
        masks: Sequence[Tensor],
        noise: Tensor,
        given: Tensor | None = None,
        known: Tensor | None = None,
    ) -> Tensor:
        layers = list(zip(self.net, masks, strict=False))
        biases = [layer.masked_bias(mask) for layer, mask in layers]
        if self.direct is not None and self.conditioning:
            biases[-1] = biases[-1] + self.direct.masked_bias(masks[-1])
        return sample_incremental(
            [layer.masked_weight(mask) for layer, mask in layers],
            biases,
            [d.to(noise.device) for d in degrees],
            self.act.forward,
            noise,
            self.head,
            None if self.direct is None else self.direct.masked_weight(masks[-1]),
            given,
            known,
        )


def shown_ordering(order: Tensor) -> list[int] | str:
    """The ordering as ``print(model)`` shows it: a long one by a checksum, so that two differ."""
    ordering = torch.argsort(order).tolist()
    return ordering if len(ordering) <= 10 else hex(crc32(repr(ordering).encode()))


def is_transformed() -> bool:
    """Whether torch.compile or torch.func is tracing: no check may then depend on values.

    PyTorch has no public way to ask the latter; a test fails if this one goes.
    """
    return torch.compiler.is_compiling() or torch._C._are_functorch_transforms_active()


def _require_same_masks(mask: Tensor, version: int, _grad: Tensor) -> None:
    if mask._version != version:
        raise RuntimeError(
            "the masks were resampled between forward and backward, so these gradients would be "
            "those of neither network: call resample_masks() after the optimizer's step, before "
            "the next forward pass"
        )


def _install_masks(model: MADE, _incompatible_keys: object = None) -> None:
    """Set every layer's mask from the model's degrees; also runs after ``load_state_dict``."""
    row = model._row()
    degrees = [model.orders[row], *model.hidden_degrees[row].split(model.hidden_dims)]
    with torch.no_grad():
        model.masks_of(degrees, into=model._masks_in_use())


def _check_degrees(model: MADE, state: dict[str, Tensor], prefix: str, *_: object) -> None:
    """Refuse a state dict whose orders or degrees make no masks, before anything is copied."""
    orders = state.get(f"{prefix}orders", model.orders)
    if orders.shape[:1] != model.orders.shape[:1]:
        stored = len(orders) if len(orders) > 1 else "1 or None"
        raise ValueError(
            f"the state dict is that of a model with num_masks={stored}, and this one has "
            f"num_masks={model.num_masks}: build it with as many"
        )
    for order in orders:
        check_ordering(order.cpu().long() - 1, model.input_dim)
    degrees = state.get(f"{prefix}hidden_degrees")
    top = max(model.input_dim - 1, 1)
    if degrees is not None and not bool(((degrees >= 1) & (degrees <= top)).all()):
        raise ValueError(f"hidden degrees in a state dict must lie in 1..{top}")
    position = state.get(f"{prefix}position")
    if position is not None and model._has_several_masks() and not 0 <= position < model.num_masks:
        raise ValueError(
            f"position in a state dict must lie in 0..{model.num_masks - 1}, got {int(position)}"
        )


def check_widths(hidden_dims: Sequence[int]) -> list[int]:
    """Return the widths of hidden layers as a list, or say why they are none.

    Raises:
        TypeError, ValueError: if they are no sequence of whole numbers of at least 1.
    """
    if isinstance(hidden_dims, str) or not isinstance(hidden_dims, Sequence):
        raise TypeError(
            f"hidden_dims must be a tuple of whole numbers such as (512, 512), got {hidden_dims!r}"
        )
    return [check_count("each of hidden_dims", width) for width in hidden_dims]


def _check_head(head: Head | None) -> Head:
    if head is None:
        return Bernoulli()
    if not isinstance(head, Head):
        raise TypeError(
            "head must be Bernoulli(), Categorical(num_classes), MixtureOfGaussians(num_components)"
            f" or another Head, got {head!r}"
        )
    for name in ("params_per_variable", "inputs_per_variable"):
        check_count(f"{type(head).__name__}.{name}", getattr(head, name, None))
    return head
