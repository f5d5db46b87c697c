"""Sigmoids, the normal law and the inverse tangent in double, in the Triton language.

The approximations are those of ``csrc/maths_double.h`` and ``csrc/maths_circle.h``.
"""

from __future__ import annotations

import triton
import triton.language as tl

from actlab.kernels.gpu.maths import (
    exp64,
    exponent64,
    exponential64,
    half_power2_64,
    line,
    number,
    product_of,
    reduced64,
    sign_of,
    tail64,
)


@triton.jit
def tanh64(x):
    a = tl.abs(x)
    n, bits = exponent64(-2.0 * a)
    r, lost = reduced64(-2.0 * a, n)
    half_power = half_power2_64(bits)
    half_e = tl.where(a > 22.0, 0.0, tl.fma(tail64(r, r), half_power, half_power))
    w = a * a
    p = tl.fma(
        w, line(w, -0.0001991442451502224, -0.020498035706400273), number(w, -0.33333333333333326)
    )
    q = line(w, 0.0002064975446878479, 0.023290313678552256)
    q = tl.fma(w, tl.fma(w, q, number(w, 0.46149410711919076)), number(w, 1.0))
    small = a < 0.6
    quotient = tl.where(small, (w * a) * p, -2.0 * half_e) / tl.where(small, q, 0.5 + half_e)
    return sign_of(tl.where(small, a, 1.0) + quotient, x)


@triton.jit
def sigmoid64(x):
    a = -tl.abs(x)
    e = tl.where(a < -746.0, 0.0, exp64(a))
    base = tl.where(x < 0.0, e, number(x, 1.0))
    return tl.fma(-base, e / (1.0 + e), base)


@triton.jit
def minus_half_square(x):
    return product_of(-0.5 * x, x)


@triton.jit
def normal_density64(x):
    power, lost = minus_half_square(x)
    result = exponential64(power, lost, number(x, 0.3989422804014327))
    return tl.where(power < -760.0, 0.0, result)


@triton.jit
def normal_cdf64(x):
    a = tl.abs(x)
    power, lost = minus_half_square(a)
    s = a * a
    s2 = s * s
    p01 = line(a, 0.7186268268205287, 0.5)
    p23 = line(a, 0.22686985030429746, 0.5094550955881358)
    p45 = line(a, 0.014450736340425473, 0.06871393394223192)
    p67 = line(a, 0.00018486520591916845, 0.0020653563341554875)
    p47 = tl.fma(s, p67, p45)
    p = tl.fma(s2, tl.fma(s2, number(a, 8.070034639570669e-06), p47), tl.fma(s, p23, p01))
    q01 = line(a, 2.235138214444226, 1.0)
    q23 = line(a, 1.4390957250310272, 2.3022924637318773)
    q45 = line(a, 0.17737689450342145, 0.6039746534127525)
    q67 = line(a, 0.005197309149155636, 0.03668601323586334)
    q89 = line(a, 2.0228577003960338e-05, 0.00046338835230444556)
    q47 = tl.fma(s, q67, q45)
    q = tl.fma(s2, tl.fma(s2, q89, q47), tl.fma(s, q23, q01))
    tail = tl.where(a > 39.0, 0.0, exponential64(power, lost, p / q))
    return tl.where(x > 0.0, 1.0 - tail, tail)


@triton.jit
def erf64(x):
    a = tl.abs(x)
    w = a * a
    w2 = w * w
    w4 = w2 * w2
    p01 = line(w, -0.3761263890318369, 0.12837916709551256)
    p23 = line(w, -0.026866170644470947, 0.11283791670951986)
    p45 = line(w, -0.0008548326559855361, 0.005223977618248919)
    p67 = line(w, -1.4925136103692094e-05, 0.0001205531398545128)
    p89 = line(w, -1.6253040573309788e-07, 1.6452780549859643e-06)
    p1011 = line(w, -8.219854884506235e-10, 1.3929307905877281e-08)
    p811 = tl.fma(w2, p1011, p89)
    p = tl.fma(w4, tl.fma(w4, p811, tl.fma(w2, p67, p45)), tl.fma(w2, p23, p01))
    small = tl.fma(a, p, a)
    u = (a - 3.0) / (a + 3.0)
    u2 = u * u
    u4 = u2 * u2
    q01 = line(u, -0.32623356004745935, 0.17900115118131482)
    q23 = line(u, -0.15011593576682722, 0.24560380166218354)
    q45 = line(u, -0.024392236634220705, 0.0716658606128397)
    q67 = line(u, 0.0007147392124357514, 0.004270827174160991)
    q89 = line(u, 8.082714523548075e-05, -0.0005777625192138993)
    q1011 = line(u, 1.6313707216142752e-05, 0.00010631452502544751)
    q811 = tl.fma(u2, q1011, q89)
    q = tl.fma(u4, tl.fma(u4, q811, tl.fma(u2, q67, q45)), tl.fma(u2, q23, q01))
    power, lost = minus_half_square(a)
    large = tl.where(a > 6.0, 1.0, 1.0 - exponential64(2.0 * power, 2.0 * lost, q))
    return sign_of(tl.where(a < 0.9375, small, large), x)


@triton.jit
def arctan64(x):
    a = tl.abs(x)
    steep = a > 1.0
    t = tl.where(steep, -1.0, a) / tl.where(steep, a, 1.0)
    z = t * t
    z2 = z * z
    z4 = z2 * z2
    z8 = z4 * z4
    p12 = line(z, 0.1999999999995146, -0.3333333333333307)
    p34 = line(z, 0.1111111100702599, -0.14285714282575102)
    p56 = line(z, 0.0769227983926933, -0.09090907002989118)
    p78 = line(z, 0.05880527813766868, -0.06666404057403745)
    p910 = line(z, 0.04722322213105451, -0.05253518550316157)
    p1112 = line(z, 0.03664191128937349, -0.042191789599850336)
    p1314 = line(z, 0.02198485521860365, -0.029903859540386168)
    p1516 = line(z, 0.007196505295982633, -0.013900562439512968)
    p1718 = line(z, 0.0008313224016980713, -0.0028849197808052925)
    p1920 = line(z, 1.3225091253341974e-05, -0.0001521610039272208)
    p18 = tl.fma(z4, tl.fma(z2, p78, p56), tl.fma(z2, p34, p12))
    p916 = tl.fma(z4, tl.fma(z2, p1516, p1314), tl.fma(z2, p1112, p910))
    p = tl.fma(z8, tl.fma(z8, tl.fma(z2, p1920, p1718), p916), p18)
    base = tl.where(steep, number(x, 1.5707963267948966), number(x, 0.0))
    most = base + t
    low = tl.where(steep, number(x, 6.123233995736766e-17), number(x, 0.0))
    return sign_of(most + (((base - most) + t) + tl.fma(t * z, p, low)), x)
