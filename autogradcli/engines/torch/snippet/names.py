"""The names that a snippet may use beside the rows of the table, as torch, NumPy and Python's `math` spell them.

Whatever is not listed here and is no row of the table does not exist for a snippet.
"""


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


CREATION = words(
    "tensor as_tensor zeros ones full empty eye arange linspace logspace rand randn randint randperm normal "
    "zeros_like ones_like full_like empty_like rand_like randn_like randint_like bernoulli multinomial complex "
    "from_numpy tril_indices triu_indices meshgrid cartesian_prod vander scalar_tensor"
)
"""Functions that make tensors out of sizes and numbers."""

TORCH = words(
    "manual_seed is_tensor is_grad_enabled is_floating_point set_printoptions set_default_dtype "
    "get_default_dtype numel allclose isclose equal all any isnan isinf isfinite argmax argmin argsort sort topk "
    "unique nonzero count_nonzero searchsorted bucketize bincount histc gather scatter index_select masked_select "
    "take take_along_dim chunk split tensor_split unbind clone detach cumsum cumprod flip roll rot90 aminmax "
    "logical_xor floor_divide true_divide fmod signbit real imag conj numel result_type can_cast promote_types "
    "broadcast_tensors broadcast_shapes atleast_1d atleast_2d block_diag trapezoid cov corrcoef quantile "
    "count_nonzero renorm squeeze unsqueeze softmax log_softmax det logdet slogdet inverse trace matrix_power "
    "matrix_exp cholesky_solve addcmul addcdiv dropout layer_norm conv1d cumulative_trapezoid diff ravel where "
    "scatter_add index_add index_copy index_fill masked_fill nanmedian nanquantile mode vdot erfc"
)
"""Functions of torch itself."""

FUNCTIONAL = words(
    "linear bilinear softmax log_softmax softmin dropout one_hot pad normalize layer_norm batch_norm embedding "
    "mse_loss l1_loss smooth_l1_loss huber_loss cross_entropy nll_loss kl_div binary_cross_entropy "
    "binary_cross_entropy_with_logits poisson_nll_loss gaussian_nll_loss hinge_embedding_loss margin_ranking_loss "
    "soft_margin_loss triplet_margin_loss cosine_embedding_loss multi_margin_loss conv1d conv2d avg_pool1d "
    "avg_pool2d max_pool1d max_pool2d glu logsigmoid rrelu scaled_dot_product_attention"
)
LINALG = words(
    "norm vector_norm matrix_norm det slogdet inv pinv solve lstsq cholesky qr eigh eigvalsh svd svdvals cond "
    "matrix_rank matrix_power matrix_exp multi_dot cross diagonal vecdot trace"
)

METHODS = words(
    "requires_grad_ retain_grad detach clone item tolist size dim ndimension numel nelement numpy contiguous "
    "is_contiguous is_floating_point cpu to float double half bfloat16 int long short bool type_as all any isnan "
    "isinf isfinite argmax argmin argsort sort topk unique nonzero count_nonzero bincount histc gather scatter "
    "scatter_add index_select index_add index_fill masked_select masked_fill take chunk split unbind view view_as "
    "reshape_as expand expand_as repeat new_zeros new_ones new_full new_tensor new_empty softmax log_softmax det "
    "logdet slogdet inverse trace matrix_power matrix_exp allclose isclose equal diff aminmax unfold is_complex "
    "stride element_size cov corrcoef quantile logical_xor rot90 cholesky pinverse mode nanmedian"
)
"""Methods of tensors beside those that are rows of the table."""

INPLACE = words(
    "add_ sub_ mul_ div_ pow_ neg_ abs_ exp_ log_ sqrt_ square_ sin_ cos_ tan_ tanh_ sigmoid_ relu_ reciprocal_ "
    "clamp_ clip_ floor_ ceil_ round_ trunc_ remainder_ zero_ fill_ copy_ normal_ uniform_ bernoulli_ random_ "
    "exponential_ detach_ t_ transpose_ squeeze_ unsqueeze_ masked_fill_ index_fill_ index_add_ index_copy_ "
    "scatter_ scatter_add_ addcmul_ addcdiv_ lerp_ fmod_ erf_ erfinv_ log1p_ expm1_ rsqrt_ subtract_ multiply_ "
    "divide_ clamp_min_ clamp_max_ tril_ triu_ fill_diagonal_ cumsum_ nan_to_num_ sign_ subtract_ negative_"
)
"""Methods that change the tensor whose methods they are."""

ATTRIBUTES = words(
    "shape dtype ndim T mT H requires_grad grad grad_fn is_leaf data device retains_grad real imag itemsize"
)
"""What a snippet may read of a tensor."""

RESULTS = words(
    "values indices sign logabsdet solution Q R U S Vh L eigenvalues eigenvectors name next_functions variable hist"
)
"""What a snippet may read of several results, and of a node of the graph."""

DTYPES = words(
    "float64 double float32 float float16 half bfloat16 int64 long int32 int int16 short int8 uint8 bool "
    "complex64 complex128"
)

NUMPY = words(
    "array asarray arange linspace zeros ones full eye zeros_like ones_like sin cos tan exp log log2 log10 log1p "
    "expm1 sqrt abs absolute sum mean std var max min argmax argmin prod dot matmul outer maximum minimum round "
    "sign floor ceil tanh sinh cosh arctan arcsin arccos square power where concatenate stack vstack hstack "
    "reshape transpose allclose isclose array_equal isnan isfinite cumsum diff sort clip"
)
NUMPY_RANDOM = words("seed rand randn randint random uniform normal permutation")
NUMPY_DTYPES = words("float64 float32 float16 int64 int32 bool_")
ARRAY_METHODS = words(
    "sum mean std var max min argmax argmin prod reshape ravel flatten copy tolist item dot transpose round"
)
ARRAY_ATTRIBUTES = words("shape ndim size dtype T")

MATH = words(
    "acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh degrees dist e erf erfc exp exp2 expm1 "
    "fabs floor fmod frexp fsum gamma hypot inf isclose isfinite isinf isnan isqrt ldexp lgamma log log10 log1p "
    "log2 modf nan nextafter pi pow prod radians remainder sin sinh sqrt tan tanh tau trunc ulp"
)
