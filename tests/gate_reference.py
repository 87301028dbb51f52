"""The arithmetic of the gate, written a second time: what `perfspec.judge.statistics` must agree with.

Older than the product's code, made while the method was chosen, and kept as it was: as compact as
the formulas, with `scipy.stats` and without regard for speed or edges.
"""

# ruff: noqa: ANN001, ANN201, C408, N803, N806, PLR0913, PLR0917
# mypy: ignore-errors
import numpy as np
from scipy import special, stats

_x = np.geomspace(1e-3, 1e4, 4000)
_tg = special.polygamma(1, _x)


def trigamma_inv(v):
    return np.exp(np.interp(-np.log(np.maximum(v, 1e-8)), -np.log(_tg), np.log(_x)))


def loo_median(v):
    """leave-one-out median over endpoints (axis -2)"""
    E = v.shape[-2]
    out = np.empty_like(v)
    for e in range(E):
        out[..., e, :] = np.median(np.delete(v, e, axis=-2), axis=-2)
    return out


def eb_variance(s2, d, d0cap):
    """limma/Smyth moderated variances; prior scale per metric, prior df pooled over metrics and capped"""
    E, M = s2.shape
    z = np.log(np.maximum(s2, 1e-10))
    e = z - special.digamma(d / 2) + np.log(d / 2)
    mu = e.mean(0)
    ev = ((e - mu) ** 2).sum() / max(M * (E - 1), 1) - special.polygamma(1, d / 2)
    d0 = min(2 * trigamma_inv(ev) if ev > 1e-4 else d0cap, d0cap)
    s0 = np.exp(mu + special.digamma(d0 / 2) - np.log(d0 / 2))
    return (d0 * s0 + d * s2) / (d0 + d), d0 + d


def holm(p):
    o = np.argsort(p)
    m = len(p)
    q = np.empty(m)
    run = 0.0
    for i, j in enumerate(o):
        run = max(run, min(1, (m - i) * p[j]))
        q[j] = run
    return q


def bh(p):
    o = np.argsort(p)[::-1]
    m = len(p)
    q = np.empty(m)
    run = 1.0
    for i, j in enumerate(o):
        run = min(run, p[j] * m / (m - i))
        q[j] = run
    return q


def single_run(
    Y,
    y,
    budget=0.10,
    alpha=0.01,
    floor=0.005,
    slope_sd=0.25,
    extra_var=0.0,
    fdr=0.10,
    conf=0.95,
    probe=None,
    probe_pr=None,
):
    """Returns dict with ratio, CI, adjusted p, states, plus a global (all-endpoint) shift test."""
    n, E, M = Y.shape
    X = np.log1p(budget)
    m = Y.mean(0)
    D = y - m
    f = 1 + 1 / n
    if n >= 2:
        d = n - 1
        cap = min(15.0, E - 1.0, 4.0 * n)
        r = Y - m
        c, cp = loo_median(r), loo_median(D)
        s2a, _ = eb_variance(np.maximum(((r - c) ** 2).sum(0) / d, floor**2), d, cap)
        Sxx = (c**2).sum(0)
        lam = s2a / slope_sd**2
        b = (c * (r - c)).sum(0) / (Sxx + lam)
        u = r - c * (1 + b)
        s2 = (u**2).sum(0) / np.maximum(d - Sxx / (Sxx + lam), 0.5)
        s2, df = eb_variance(s2, d, cap)
        s2 = np.maximum(s2, floor**2)
        spec = D - cp * (1 + b)
        se = np.sqrt(s2 * f + cp**2 * s2 / (Sxx + lam) + extra_var)
        g_hist = np.median(r, 1)
        g = np.median(D, 0)
        if probe is not None:
            g_hist = g_hist - (probe - probe.mean())[:, None]
            g = g - (probe_pr - probe.mean())
        gse = np.sqrt(np.maximum((g_hist**2).sum(0) / d, floor**2) * f)
        gp = stats.t.sf(g / gse, d)
    elif n == 1:  # cross-sectional scale: works because most endpoints are unaffected
        cp = loo_median(D)
        spec = D - cp
        sc = np.maximum(1.4826 * np.median(np.abs(D - np.median(D, 0)), 0), 2 * floor)
        se = np.broadcast_to(sc, D.shape)
        df = min(8.0, E - 1)
        g = np.median(D, 0)
        gse = np.full(M, np.nan)
        gp = np.full(M, np.nan)
    p = stats.t.sf(spec / se, df)
    ph = holm(p.ravel()).reshape(E, M)
    pb = bh(p.ravel()).reshape(E, M)
    tc = stats.t.isf(1 - conf, df)
    lo, hi = spec - tc * se, spec + tc * se
    st = np.full((E, M), "inconclusive", dtype=object)
    if n > 1:
        st[hi < X] = "pass"
    st[(pb < fdr) & (spec > 0)] = "warn"
    st[(ph < alpha) & (spec > X)] = "fail"
    return dict(
        ratio=np.exp(spec) - 1,
        lo=np.exp(lo) - 1,
        hi=np.exp(hi) - 1,
        p=p,
        p_holm=ph,
        state=st,
        se=se,
        df=df,
        raw=np.exp(D) - 1,
        glob=np.exp(g) - 1,
        glob_p=gp,
        mde=np.exp((stats.t.isf(alpha / (E * M), df) + stats.t.isf(0.05, df)) * se) - 1,
    )


def duet(d, budget=0.10, alpha=0.01, launches=1, sd_launch=0.01, mask=None, fdr=0.10, conf=0.95):
    """d[K,E,M] log(B/A) per block. launches = number of independent (re)launch pairs; == K when both servers restart every block."""
    K, E, M = d.shape
    X = np.log1p(budget)
    m = d.mean(0)
    s2, df = eb_variance(d.var(0, ddof=1), K - 1, 15.0 if E > 15 else max(E - 1.0, 2.0))
    se = np.sqrt(s2 / K + (0 if launches >= K else 2 * sd_launch**2 / launches))
    p = stats.t.sf(m / se, df)
    sel = np.ones((E, M), bool) if mask is None else mask
    ph = np.ones((E, M))
    ph[sel] = holm(p[sel])
    pb = np.ones((E, M))
    pb[sel] = bh(p[sel])
    tc = stats.t.isf(1 - conf, df)
    lo, hi = m - tc * se, m + tc * se
    st = np.full((E, M), "inconclusive", dtype=object)
    st[hi < X] = "pass"
    st[sel & (pb < fdr) & (m > 0)] = "warn"
    st[sel & (ph < alpha) & (m > X)] = "fail"
    return dict(
        ratio=np.exp(m) - 1,
        lo=np.exp(lo) - 1,
        hi=np.exp(hi) - 1,
        p=p,
        p_holm=ph,
        state=st,
        se=se,
        df=df,
    )


def error_rate_p(xb, nb, x, n, infl=1.5, cv_floor=0.15):
    """one-sided p for more errors than history: negative-binomial predictive with run-to-run over-dispersion
    pooled over endpoints. xb,nb [R,E] counts; x,n [E]. Flag only if also x>=5 and increase > abs_floor (0.1 pp)."""
    R = len(xb)
    m, NB = xb.sum(0), nb.sum(0)
    mu = (m + 0.5) / (NB + 1)
    lam = mu * n
    if R > 1:
        mb = xb.mean(0)
        num = ((xb - mb) ** 2).sum() - (R - 1) * mb.sum()
        den = ((R - 1) * mb**2).sum()
        cv2 = infl * max(num / den if den > 0 else 0.0, 0.0) + cv_floor**2
    else:
        cv2 = 0.5**2
    var = lam + cv2 * (1 + 1 / R) * lam**2 + lam**2 / (m + 0.5)
    rr = lam**2 / np.maximum(var - lam, 1e-9)
    return stats.nbinom.sf(x - 1, rr, rr / (rr + lam))


def window_var(windows, q=(0.5, 0.95)):
    """delete-one-window jackknife variance of ln quantile; windows = list of 1-d arrays of latencies of one run"""
    K = len(windows)
    j = np.array(
        [
            np.log(
                np.quantile(
                    np.concatenate(windows[:k] + windows[k + 1 :]), q, method="inverted_cdf"
                )
            )
            for k in range(K)
        ]
    )
    return (K - 1) / K * ((j - j.mean(0)) ** 2).sum(0)
