"""The names of the functions in each module, so that a name is found without importing them all.

Written by `.venv/bin/python -m scripts.function_names`; a test says when that is due.
"""

NAMES = {
    "arithmetic": """
        add Add add_scaled sub subtract sub_scaled rsub mul multiply Mul div divide true_divide truediv div_floor
        div_trunc floor_divide floordiv remainder mod Mod ieee_remainder math.remainder fmod rem neg negative positive
        reciprocal fma addcmul addcdiv lerp deg2rad radians rad2deg degrees
    """,
    "comparison": """
        lt less le less_equal gt greater ge greater_equal eq equal ne not_equal logical_and And logical_or Or
        logical_not Not isnan where where_method Tensor.where if_else masked_fill abs fabs absolute Abs sign sgn angle
        arg copysign heaviside Heaviside maximum max Max minimum min Min fmax fmin fdim clamp clip clamp_min clamp_max
        as_condition nan_to_num
    """,
    "powers": """
        pow power Pow float_power root square sqrt rsqrt cbrt hypot ldexp_of_integers ldexp
    """,
    "exponential": """
        exp exp2 exp10 expm1 log ln log_base log2 log10 log1p logaddexp logaddexp2 xlogy xlog1py entr logit logit_eps
    """,
    "trigonometric": """
        sin cos tan sec csc cosec cot cotan asin arcsin acos arccos atan arctan atan2 arctan2 asec arcsec acsc arccsc
        acot arccot sinc unnormalised_sinc sympy.sinc sp.sinc
    """,
    "hyperbolic": """
        sinh cosh tanh sech csch cosech coth asinh arcsinh arsinh acosh arccosh arcosh atanh arctanh artanh asech
        arcsech arsech acsch arccsch arcsch acoth arccoth arcoth
    """,
    "gammas": """
        gamma Gamma tgamma gammasgn lgamma gammaln loggamma lngamma digamma psi polygamma method_polygamma
        Tensor.polygamma trigamma mvlgamma multigammaln factorial beta binomial binom comb
    """,
    "special": """
        erf erfc erfcx erfinv erfcinv ndtr normcdf norm_cdf log_ndtr lognormcdf ndtri norminv norminvcdf probit i0 i0e
        i1 i1e
    """,
    "beyond_torch": """
        erfi dawsn dawson Ei ei expi expint expn E1 e1 exp1 li Li Si si sinint Ci ci cosint Shi shi Chi chi fresnels
        fresnelc lambertw LambertW polylog airyai airy_ai airyaiprime airybi airybiprime besselj jv bessely yv besseli
        iv besselk kv j0 bessel_j0 j1 bessel_j1 y0 bessel_y0 y1 bessel_y1 k0 modified_bessel_k0 k1 modified_bessel_k1
        elliptic_k ellipk elliptic_e ellipe
    """,
    "activations": """
        sigmoid expit logistic logsigmoid log_sigmoid log_expit softplus log1pexp softplus_beta silu swish mish gelu
        gelu_tanh softsign soft_sign tanhshrink relu relu6 leaky_relu prelu elu celu selu hardtanh hard_tanh hardsigmoid
        hard_sigmoid hardswish hard_swish hard_silu hardshrink softshrink threshold
    """,
    "rounding": """
        floor ceil ceiling trunc fix round rint around round_decimals frac positive_frac sympy.frac sp.frac frexp
    """,
    "constructors": """
        zeros ones full eye identity arange_to arange linspace zeros_like ones_like full_like rand randn randint
        randint_below randperm binomial_draw torch.binomial bernoulli poisson normal rand_like randn_like
    """,
    "shaping": """
        tensor as_tensor array asarray Tensor FloatTensor DoubleTensor clone copy alias_copy contiguous reshape view
        view_copy flatten ravel unflatten squeeze squeeze_copy unsqueeze expand_dims unsqueeze_copy transpose swapaxes
        swapdims transpose_copy t t_copy .T adjoint matrix_transpose .mT .mH permute permute_copy movedim moveaxis
        expand expand_copy broadcast_to expand_as repeat tile repeat_interleave np.repeat numpy.repeat jnp.repeat flip
        fliplr flipud roll getitem setitem select narrow narrow_copy view_as reshape_as to Tensor.type to_as to_device
        to_float64 Tensor.double to_float32 Tensor.float to_float16 Tensor.half to_bfloat16 Tensor.bfloat16 type_as
        atleast_1d atleast_2d atleast_3d rot90 unfold unfold_copy
    """,
    "diagonals": """
        diag linalg_diagonal linalg.diagonal diagonal diagonal_copy diag_embed diagflat triu tril
    """,
    "joining": """
        stack_items cat concat concatenate stack hstack vstack row_stack dstack column_stack
    """,
    "pieces": """
        split split_copy unsafe_split split_with_sizes split_with_sizes_copy unsafe_split_with_sizes chunk chunk_copy
        unsafe_chunk tensor_split tensor_split_copy unsafe_tensor_split hsplit hsplit_copy unsafe_hsplit vsplit
        vsplit_copy unsafe_vsplit dsplit dsplit_copy unsafe_dsplit unbind unbind_copy unsafe_unbind meshgrid
        meshgrid_copy unsafe_meshgrid broadcast_tensors broadcast_tensors_copy unsafe_broadcast_tensors var_mean
        var_mean_corrected var_mean_all std_mean std_mean_corrected std_mean_all aminmax
    """,
    "strided": """
        as_strided as_strided_copy as_strided_scatter sum_to_size combinations cartesian_prod fill narrow_from narrow
        repeat_interleave_each repeat_interleave tensor_split_at tensor_split gradient atleast_1d_each atleast_1d
        atleast_2d_each atleast_2d atleast_3d_each atleast_3d
    """,
    "classes": """
        one_hot gather index_select
    """,
    "scattering": """
        scatter scatter_add scatter_reduce index_add index_copy index_fill index_reduce index_put getitem_at take
        take_along_dim put select_scatter slice_scatter diagonal_scatter masked_select masked_scatter
    """,
    "embeddings": """
        embedding embedding_bag
    """,
    "reductions": """
        sum mean prod nansum nanmean var var_corrected var_all std std_all std_corrected population_var np.var numpy.var
        jnp.var population_std np.std numpy.std jnp.std amax amin max_all max min_all min max_dim torch.max np.max
        numpy.max Tensor.max min_dim torch.min np.min numpy.min Tensor.min logsumexp numel len np.size numpy.size
        jnp.size size .shape
    """,
    "quantiles": """
        median median_dim nanmedian nanmedian_dim mode midpoint_median np.median numpy.median jnp.median kthvalue
        quantile quantile_at nanquantile nanquantile_at
    """,
    "sequences": """
        trapezoid trapz trapezoid_over cumulative_trapezoid cumulative_trapezoid_over msort diff sort topk cumsum
        cumprod cummax cummin logcumsumexp
    """,
    "products": """
        matmul np.dot numpy.dot jnp.dot mm mv bmm dot vdot vecdot inner outer ger tensordot einsum kron linalg_cross
        linalg.cross np.cross numpy.cross cross multi_dot chain_matmul addmm addmv addr baddbmm addbmm
    """,
    "norms": """
        norm linalg_norm linalg.norm vector_norm matrix_norm dist cdist pdist renorm pairwise_distance normalize
        cosine_similarity
    """,
    "matrices": """
        trace det logdet slogdet inverse inv solve solve_triangular pinv pinverse vander linalg_vander linalg.vander
        block_diag cholesky matrix_power matrix_exp expm svdvals eigvalsh cov corrcoef
    """,
    "factors": """
        cholesky_ex inv_ex solve_ex cholesky_solve cholesky_inverse triangular_solve lstsq tensorinv tensorsolve cond
        eigh linalg_svd linalg.svd svd
    """,
    "lu": """
        lu_factor lu_factor_ex lu linalg_lu linalg.lu lu_unpack linalg_lu_solve linalg.lu_solve lu_solve
    """,
    "reflections": """
        householder_product orgqr ormqr linalg_qr linalg.qr qr
    """,
    "softmax": """
        softmax log_softmax softmin
    """,
    "layers": """
        linear bilinear layer_norm rms_norm group_norm instance_norm local_response_norm batch_norm
    """,
    "recurrent": """
        rnn_tanh_cell rnn_relu_cell gru_cell lstm_cell rnn_tanh rnn_relu gru lstm
    """,
    "windows": """
        conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d avg_pool1d avg_pool2d avg_pool3d
        max_pool1d max_pool1d_with_indices max_pool2d max_pool2d_with_indices max_pool3d max_pool3d_with_indices
        lp_pool1d lp_pool2d lp_pool3d adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d
        adaptive_max_pool1d_with_indices adaptive_max_pool2d adaptive_max_pool2d_with_indices adaptive_max_pool3d
        adaptive_max_pool3d_with_indices
    """,
    "unpooling": """
        unfold_blocks F.unfold functional.unfold fold max_unpool1d max_unpool2d max_unpool3d fractional_max_pool2d
        fractional_max_pool3d
    """,
    "attention": """
        scaled_dot_product_attention attention multi_head_attention_forward
    """,
    "resizing": """
        pad constant_pad_nd interpolate upsample_nearest upsample_bilinear pixel_shuffle pixel_unshuffle channel_shuffle
        glu dropout dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout rrelu
    """,
    "grids": """
        grid_sample affine_grid
    """,
    "losses": """
        reduced mse_loss mse l1_loss l1 smooth_l1_loss smooth_l1 huber_loss huber binary_cross_entropy bce bce_loss
        binary_cross_entropy_with_logits bce_with_logits kl_div kl_div_loss kl poisson_nll_loss poisson_nll
        gaussian_nll_loss gaussian_nll hinge_embedding_loss hinge_embedding margin_ranking_loss margin_ranking
        soft_margin_loss soft_margin multilabel_soft_margin_loss multilabel_soft_margin multi_margin_loss multi_margin
        multilabel_margin_loss multilabel_margin triplet_margin_loss triplet_margin cosine_embedding_loss
        cosine_embedding
    """,
    "cross_entropy": """
        cross_entropy nll_loss nll linear_cross_entropy
    """,
    "alignments": """
        ctc_loss
    """,
    "derivatives": """
        grad
    """,
}
