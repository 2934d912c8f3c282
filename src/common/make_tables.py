#!/usr/bin/env python3
"""Writes entities_table.h and tex_table.h beside itself.

Run it by hand when a table is to change; the build does not need it.  The
names of HTML come from Python's html.entities (the WHATWG list), the
composed characters from unicodedata; the commands of TeX are listed below.
"""
import html.entities
import os
import unicodedata

HERE = os.path.dirname(os.path.abspath(__file__))


def head(name, line, text):
    body = "\n".join(" *" + (" " + l if l else "") for l in text.strip().split("\n"))
    return ("/*" + "-" * 73 + "\n *\n * %s\n *\t\t%s\n *\n%s\n *\n *" + "-" * 73 + "\n */\n") % (
        name, line, body)


def pack(items, width=96):
    """Join items with ', ' into lines of at most 'width', one tab in front."""
    lines, cur = [], ""
    for it in items:
        if cur and len(cur) + len(it) + 2 > width - 4:
            lines.append("\t" + cur.rstrip())
            cur = ""
        cur += it + ", "
    if cur:
        lines.append("\t" + cur.rstrip().rstrip(","))
    return "\n".join(lines)


def octal(text):
    return "".join(chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else "\\%03o" % b
                   for b in text.encode())


# ---------------------------------------------------------------- HTML names

def entities():
    rows = sorted((k[:-1], v) for k, v in html.entities.html5.items() if k.endswith(";"))
    offsets, at, lines, cur = [], 0, [], ""
    for name, value in rows:
        offsets.append(at)
        at += len(name) + 1 + len(value.encode()) + 1
        piece = name + "\\0" + octal(value) + "\\0"
        if len(cur) + len(piece) > 88:
            lines.append('\t"%s"' % cur)
            cur = ""
        cur += piece
    lines.append('\t"%s"' % cur)
    assert at < 65536
    with open(os.path.join(HERE, "entities_table.h"), "w") as f:
        f.write(head("entities_table.h", "The named character references of HTML.",
                     "Made by make_tables.py from the list of the WHATWG; do not edit.  The pool\n"
                     "holds name, NUL, character, NUL for each, in the order of the names' bytes;\n"
                     "the offsets of the names are beside it, so the whole is read-only and free\n"
                     "of relocations."))
        f.write("#ifndef PF_ENTITIES_TABLE_H\n#define PF_ENTITIES_TABLE_H\n\n")
        f.write("#define PF_ENTITIES\t\t%d\n#define PF_ENTITY_NAME\t%d\t\t\t\t/* bytes of the longest name */\n\n"
                % (len(rows), max(len(r[0]) for r in rows)))
        f.write("static const char entity_pool[] =\n" + "\n".join(lines) + ";\n\n")
        f.write("static const uint16 entity_at[PF_ENTITIES] = {\n"
                + pack([str(o) for o in offsets]) + "\n};\n\n")
        f.write("#endif\t\t\t\t\t\t\t/* PF_ENTITIES_TABLE_H */\n")


# --------------------------------------------------------------- TeX commands

C = {}


def add(kind, *words, text=None):
    for w in words:
        for item in w.split():
            name, _, value = item.partition("=")
            assert name not in C, name
            C[name] = (kind, value.replace("␣", " ") if value else (text or ""))


# Greek.  The variants read better, and are found better, as the usual letters.
add("ORD", """
    alpha=α beta=β gamma=γ delta=δ epsilon=ε varepsilon=ε zeta=ζ eta=η theta=θ vartheta=ϑ
    iota=ι kappa=κ varkappa=ϰ lambda=λ mu=μ upmu=μ nu=ν xi=ξ omicron=ο pi=π varpi=ϖ rho=ρ
    varrho=ϱ sigma=σ varsigma=ς tau=τ upsilon=υ phi=φ varphi=φ chi=χ psi=ψ omega=ω digamma=ϝ
    Alpha=Α Beta=Β Gamma=Γ varGamma=Γ Delta=Δ varDelta=Δ Epsilon=Ε Zeta=Ζ Eta=Η Theta=Θ
    varTheta=Θ Iota=Ι Kappa=Κ Lambda=Λ varLambda=Λ Mu=Μ Nu=Ν Xi=Ξ varXi=Ξ Omicron=Ο Pi=Π
    varPi=Π Rho=Ρ Sigma=Σ varSigma=Σ Tau=Τ Upsilon=Υ varUpsilon=Υ Phi=Φ varPhi=Φ Chi=Χ Psi=Ψ
    varPsi=Ψ Omega=Ω varOmega=Ω eps=ε vareps=ε veps=ε textmu=μ textalpha=α textbeta=β
    textgamma=γ textdelta=δ textlambda=λ textpi=π textsigma=σ textomega=ω textDelta=Δ
    textOmega=Ω""")
# Letters and signs of mathematics.
add("ORD", """
    ell=ℓ hbar=ℏ hslash=ℏ imath=ı jmath=ȷ wp=℘ Re=Re Im=Im aleph=ℵ beth=ℶ gimel=ℷ daleth=ℸ
    infty=∞ infin=∞ infinity=∞ partial=∂ nabla=∇ forall=∀ exists=∃ nexists=∄ emptyset=∅
    varnothing=∅ angle=∠ measuredangle=∡ sphericalangle=∢ triangle=△ triangledown=▽
    triangleleft=◁ triangleright=▷ bigtriangleup=△ bigtriangledown=▽ blacktriangle=▲
    blacktriangleright=▶ Box=□ square=□ blacksquare=■ Diamond=◇ lozenge=◊ blacklozenge=⧫
    bigstar=★ bigcirc=◯ clubsuit=♣ diamondsuit=♢ heartsuit=♡ spadesuit=♠ flat=♭ natural=♮
    sharp=♯ prime=′ backprime=‵ top=⊤ bot=⊥ neg=¬ lnot=¬ surd=√ complement=∁ mho=℧ eth=ð
    Finv=Ⅎ Game=⅁ therefore=∴ because=∵ checkmark=✓ maltese=✠ degree=° degrees=° textdegree=°
    circledR=® circledS=Ⓢ yen=¥ pounds=£ textsterling=£ texteuro=€ euro=€ ldots=… dots=…
    dotsc=… dotso=… textellipsis=… cdots=⋯ dotsb=⋯ dotsm=⋯ dotsi=⋯ vdots=⋮ ddots=⋱ iddots=⋰
    sum=∑ prod=∏ coprod=∐ int=∫ iint=∬ iiint=∭ iiiint=⨌ oint=∮ oiint=∯ bigcap=⋂ bigcup=⋃
    bigsqcup=⨆ bigvee=⋁ bigwedge=⋀ bigodot=⨀ bigotimes=⨂ bigoplus=⨁ biguplus=⨄ backslash=\\
    vert=| Vert=‖ arrowvert=| upharpoonright=↾ colon=: mathcolon=: RR=ℝ NN=ℕ ZZ=ℤ QQ=ℚ CC=ℂ
    reals=ℝ Reals=ℝ naturals=ℕ bbR=ℝ bbN=ℕ bbZ=ℤ bbE=𝔼 bbP=ℙ indep=⫫ lightning=↯ male=♂
    female=♀ diameter=⌀ ohm=Ω micro=µ celsius=°C textcelsius=°C star=⋆ ast=* copyright=©
    textcopyright=© textregistered=® texttrademark=™ textnumero=№ textpm=± texttimes=×
    textdiv=÷ textminus=− textbullet=• textperiodcentered=· textdagger=† textdaggerdbl=‡
    textparagraph=¶ textsection=§ textasteriskcentered=* textordfeminine=ª textordmasculine=º
    textonehalf=½ textonequarter=¼ textthreequarters=¾ textonesuperior=¹ texttwosuperior=²
    textthreesuperior=³ textcent=¢ textyen=¥ textcurrency=¤ textinterrobang=‽
    textmusicalnote=♪ cent=¢""")
add("BIN", """
    pm=± mp=∓ times=× div=÷ cdot=· cdotp=· centerdot=· circ=∘ bullet=• oplus=⊕ ominus=⊖
    otimes=⊗ oslash=⊘ odot=⊙ cap=∩ cup=∪ uplus=⊎ sqcap=⊓ sqcup=⊔ vee=∨ lor=∨ wedge=∧ land=∧
    setminus=∖ smallsetminus=∖ wr=≀ amalg=⨿ diamond=⋄ dagger=† ddagger=‡ dag=† ddag=‡ ltimes=⋉
    rtimes=⋊ boxplus=⊞ boxminus=⊟ boxtimes=⊠ boxdot=⊡ Cap=⋒ Cup=⋓ barwedge=⊼ veebar=⊻
    curlyvee=⋎ curlywedge=⋏ circledast=⊛ circledcirc=⊚ divideontimes=⋇ dotplus=∔ intercal=⊺
    bigtimes=× plus=+ plusminus=±""")
add("REL", """
    le=≤ leq=≤ leqslant=≤ ge=≥ geq=≥ geqslant=≥ lt=< gt=> ne=≠ neq=≠ equiv=≡ sim=∼ nsim=≁
    simeq=≃ approx=≈ approxeq=≊ thickapprox=≈ thicksim=∼ cong=≅ ncong=≇ asymp=≍ doteq=≐
    doteqdot=≑ triangleq=≜ coloneqq=≔ coloneq=≔ eqqcolon=≕ propto=∝ varpropto=∝ ll=≪ gg=≫
    lll=⋘ ggg=⋙ prec=≺ succ=≻ preceq=⪯ succeq=⪰ preccurlyeq=≼ succcurlyeq=≽ precsim=≾
    succsim=≿ nprec=⊀ nsucc=⊁ lesssim=≲ gtrsim=≳ lessgtr=≶ gtrless=≷ lessapprox=⪅ gtrapprox=⪆
    lessdot=⋖ gtrdot=⋗ leqq=≦ geqq=≧ nless=≮ ngtr=≯ nleq=≰ ngeq=≱ lneq=⪇ gneq=⪈ subset=⊂
    supset=⊃ subseteq=⊆ supseteq=⊇ nsubseteq=⊈ nsupseteq=⊉ subsetneq=⊊ supsetneq=⊋
    varsubsetneq=⊊ Subset=⋐ Supset=⋑ sqsubset=⊏ sqsupset=⊐ sqsubseteq=⊑ sqsupseteq=⊒ in=∈
    isin=∈ ni=∋ owns=∋ notin=∉ mid=∣ nmid=∤ parallel=∥ nparallel=∦ perp=⊥ vdash=⊢ dashv=⊣
    models=⊨ vDash=⊨ Vdash=⊩ nvdash=⊬ nvDash=⊭ bowtie=⋈ Join=⋈ smile=⌣ frown=⌢ between=≬
    pitchfork=⋔ trianglelefteq=⊴ trianglerighteq=⊵ vartriangleleft=⊲ vartriangleright=⊳ lhd=⊲
    rhd=⊳ unlhd=⊴ unrhd=⊵ backsim=∽ eqsim=≂ circeq=≗ risingdotseq=≓ to=→ rightarrow=→
    longrightarrow=→ rarr=→ ra=→ gets=← leftarrow=← longleftarrow=← leftrightarrow=↔
    longleftrightarrow=↔ uparrow=↑ downarrow=↓ updownarrow=↕ Rightarrow=⇒ Longrightarrow=⇒
    implies=⇒ Leftarrow=⇐ Longleftarrow=⇐ impliedby=⇐ Leftrightarrow=⇔ Longleftrightarrow=⇔
    iff=⇔ Uparrow=⇑ Downarrow=⇓ Updownarrow=⇕ mapsto=↦ longmapsto=↦ hookrightarrow=↪
    hookleftarrow=↩ nearrow=↗ searrow=↘ swarrow=↙ nwarrow=↖ rightharpoonup=⇀
    rightharpoondown=⇁ leftharpoonup=↼ leftharpoondown=↽ rightleftharpoons=⇌
    leftrightharpoons=⇋ leadsto=⇝ rightsquigarrow=⇝ leftrightsquigarrow=↭ twoheadrightarrow=↠
    twoheadleftarrow=↞ rightarrowtail=↣ leftleftarrows=⇇ rightrightarrows=⇉ leftrightarrows=⇆
    rightleftarrows=⇄ nrightarrow=↛ nleftarrow=↚ nRightarrow=⇏ curvearrowright=↷
    curvearrowleft=↶ circlearrowright=↻ circlearrowleft=↺ upharpoonleft=↿ multimap=⊸
    dashrightarrow=⇢ dashleftarrow=⇠ xrightarrow=→ xleftarrow=← xleftrightarrow=↔
    xhookrightarrow=↪ xmapsto=↦ textrightarrow=→ textleftarrow=← textuparrow=↑ textdownarrow=↓""")
add("OPEN", """
    langle=⟨ lfloor=⌊ lceil=⌈ lbrace={ lbrack=[ llbracket=⟦ lvert=| lVert=‖ ulcorner=⌜
    llcorner=⌞ llangle=⟪ lparen=(""")
add("CLOSE", """
    rangle=⟩ rfloor=⌋ rceil=⌉ rbrace=} rbrack=] rrbracket=⟧ rvert=| rVert=‖ urcorner=⌝
    lrcorner=⌟ rrangle=⟫ rparen=)""")
add("OP", """
    log=log ln=ln lg=lg exp=exp sin=sin cos=cos tan=tan cot=cot sec=sec csc=csc arcsin=arcsin
    arccos=arccos arctan=arctan sinh=sinh cosh=cosh tanh=tanh coth=coth max=max min=min
    sup=sup inf=inf lim=lim limsup=lim␣sup liminf=lim␣inf varlimsup=lim␣sup varliminf=lim␣inf
    arg=arg argmax=arg␣max argmin=arg␣min deg=deg det=det dim=dim gcd=gcd lcm=lcm hom=hom
    ker=ker Pr=Pr injlim=inj␣lim projlim=proj␣lim poly=poly polylog=polylog sgn=sgn sign=sign
    rank=rank diag=diag tr=tr Tr=Tr supp=supp span=span softmax=softmax""")
# Characters that may stand inside of a word.
add("CHAR", """
    i=ı j=ȷ o=ø O=Ø l=ł L=Ł ae=æ AE=Æ oe=œ OE=Œ aa=å AA=Å ss=ß SS=ẞ dh=ð DH=Ð th=þ TH=Þ dj=đ
    DJ=Đ ng=ŋ NG=Ŋ S=§ P=¶ textquoteleft=‘ textquoteright=’ textquotedblleft=“
    textquotedblright=” textquotesingle=' textquotedbl=" quotedblbase=„ quotesinglbase=‚
    guillemotleft=« guillemotright=» guillemetleft=« guillemetright=» guilsinglleft=‹
    guilsinglright=› lq=‘ rq=’ flqq=« frqq=» glqq=„ grqq=“ textendash=– textemdash=—
    textasciitilde=~ textasciicircum=^ textbackslash=\\ textunderscore=_ textless=<
    textgreater=> textbar=| textbraceleft={ textbraceright=} textdollar=$ textpercent=%
    textampersand=& texthyphen=- textasciigrave=` textexclamdown=¡ textquestiondown=¿ slash=/
    TeX=TeX LaTeX=LaTeX LaTeXe=LaTeX2e BibTeX=BibTeX XeTeX=XeTeX eTeX=eTeX ie=i.e. eg=e.g.
    etal=et␣al. etc=etc. wrt=w.r.t. whp=w.h.p.""")
add("SPACE", """
    quad qquad enspace enskip thinspace medspace thickspace nobreakspace newline linebreak
    break par hfill vfill hfil bigskip medskip smallskip newpage clearpage noindent indent
    centering nolinebreak space textvisiblespace hskip vskip maketitle tableofcontents hline""")
# Declarations and sizes: nothing to see.
add("NONE", """
    em bf it rm sf tt sc sl cal scr frak bfseries itshape ttfamily scshape slshape rmfamily
    sffamily upshape mdseries normalfont normalsize small footnotesize scriptsize tiny large
    Large LARGE huge Huge boldmath unboldmath displaystyle textstyle scriptstyle
    scriptscriptstyle limits nolimits protect relax allowbreak nobreak unskip ignorespaces
    nonumber notag strut null mathstrut raggedright xspace left right middle big Big bigg Bigg
    bigl bigr Bigl Bigr biggl biggr Biggl Biggr bigm Bigm negthinspace nonfrenchspacing
    frenchspacing leavevmode today appendix samepage sloppy begingroup endgroup bgroup egroup
    mathsurround kern mathchoice nocorr""")
# One argument that is shown as it is.
add("ARG", """
    emph textup textmd textnormal underline uline ul uuline sout st mathrm mathbf mathit
    mathsf mathtt mathcal mathscr mathfrak mathnormal mathrel mathbin mathopen mathclose
    mathpunct mathord mathinner boldsymbol bm pmb bold smash overbrace underbrace boxed fbox
    framebox uppercase lowercase MakeUppercase MakeLowercase hyp title substack displaylines
    section subsection paragraph textlf hl highlight added num mathlarger textquotedblbase
    cancel bcancel xcancel mathtext revised changed revise gls Gls glspl Glspl acrshort
    acrlong acrfull ac Ac acp acs acl acf caption keywords""")
add("TEXT", """
    text mbox hbox textrm textbf textit texttt textsc textsf textsl textbfit textcal makebox
    mathmbox intertext shortintertext textipa textgreek textcyrillic textsw""")
add("FORMULA", "math ensuremath")
add("FENCE", """
    norm=‖‖ abs=|| set={} ket=|⟩ bra=⟨| ceil=⌈⌉ ceiling=⌈⌉ floor=⌊⌋ braket=⟨⟩ inner=⟨⟩
    angles=⟨⟩ card=||""")
add("NAME", "operatorname operatornamewithlimits mathop")
add("BIGO", "cO=O bigO=O bigo=O Oh=O oh=o calO=O bigoh=O softO=Õ tildeO=Õ otilde=Õ Otilde=Õ")
add("BB", "mathbb mathds mathbbm mathbbmss Bbb bbb")
add("DROP", """
    label ref eqref pageref autoref cref Cref vspace hspace color phantom hphantom vphantom
    tag index pagestyle thispagestyle usepackage documentclass bibliographystyle bibliography
    input include includegraphics footnotemark hyphenation thanks pagecolor nameref vref tikz
    marginpar todo IEEEauthorrefmark""")
add("CITE", """
    cite citep citet citealp citealt citeauthor citeyear citeyearpar Citep Citet Cite
    parencite textcite autocite footcite nocite fullcite onlinecite citenum footfullcite
    supercite""")
add("SECOND", """
    textcolor href hyperlink hypertarget foreignlanguage colorbox raisebox scalebox rotatebox
    parbox setlength addtolength hyperref""")
add("FIRST", "texorpdfstring")
add("FOOT", "footnote footnotetext")
add("QUOTE", "enquote textquote")
add("SUP", "textsuperscript sps")
add("SUB", "textsubscript")
add("FRAC", "frac dfrac tfrac cfrac nicefrac sfrac flatfrac")
add("BINOM", "binom dbinom tbinom")
add("SQRT", "sqrt")
add("OVER", "over=/ atop=/ choose=c")
add("NOT", "not")
add("OVERSET", "overset stackrel")
add("UNDERSET", "underset")
add("PMOD", "pmod")
add("MOD", "bmod mod")
add("PAREN", "pod=(")
add("BEGIN", "begin")
add("END", "end")
add("ITEM", "item")
add("URL", "url path nolinkurl")
add("VERB", "verb lstinline")
add("CODE", "unicode char")
add("SI", "SI qty")
add("DING", "ding")
# Accents of text: one letter, or a command for it.
MARKS = {"`": 0x300, "'": 0x301, "^": 0x302, "~": 0x303, "=": 0x304, "u": 0x306, ".": 0x307, '"': 0x308,
         "r": 0x30A, "H": 0x30B, "v": 0x30C, "d": 0x323, "c": 0x327, "k": 0x328, "b": 0x331, "t": 0x361}
for letter in "urHvdckbt":
    C[letter] = ("ACCENT", chr(MARKS[letter]))
# Accents of mathematics, and those that cover all of their argument.
for names, mark in (("hat widehat Hat", 0x302), ("check widecheck", 0x30C), ("tilde widetilde Tilde", 0x303),
                    ("acute", 0x301), ("grave", 0x300), ("dot", 0x307), ("ddot", 0x308), ("dddot", 0x20DB),
                    ("breve", 0x306), ("bar Bar", 0x304), ("vec overrightarrow", 0x20D7), ("overleftarrow", 0x20D6),
                    ("mathring", 0x30A)):
    for n in names.split():
        C[n] = ("MARK", chr(mark))
for names, mark in (("overline", 0x305), ("underbar", 0x332)):
    for n in names.split():
        C[n] = ("LINE", chr(mark))

SUP = dict(zip("0123456789+-=()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾"))
SUP.update(zip("abcdefghijklmnoprstuvwxyz", "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ"))
SUP.update(zip("ABDEGHIJKLMNOPRTUVW", "ᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂ"))
SUP.update(zip("βγδθφχ−∘⊤", "ᵝᵞᵟᶿᵠᵡ⁻°ᵀ"))
SUB = dict(zip("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎"))
SUB.update(zip("aehijklmnoprstuvx", "ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ"))
SUB.update(zip("βγρφχ−", "ᵦᵧᵨᵩᵪ₋"))
BB = {c: chr(0x1D538 + ord(c) - 65) for c in "ABDEFGIJKLMOSTUVWXY"}
BB.update(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ"))
BB.update({"1": "𝟙", "0": "𝟘"})


def scripts(name, comment, table):
    rows = sorted((ord(k), ord(v)) for k, v in table.items())
    return ("/* %s */\nstatic const PfPairOfChars %s[] = {\n" % (comment, name)
            + pack(["{0x%04X, 0x%04X}" % r for r in rows]) + "\n};\n\n")


def compositions():
    marks = {0x300, 0x301, 0x302, 0x303, 0x304, 0x306, 0x307, 0x308, 0x30A, 0x30B, 0x30C, 0x323, 0x327, 0x328,
             0x331, 0x338}
    rows = []
    for cp in range(0xA0, 0x2300):
        d = unicodedata.decomposition(chr(cp)).split()
        if len(d) == 2 and not d[0].startswith("<"):
            base, mark = int(d[0], 16), int(d[1], 16)
            if mark in marks and unicodedata.normalize("NFC", chr(cp)) == chr(cp):
                rows.append((mark, base, cp))
    return sorted(rows)


def tex():
    rows = sorted(C.items())
    comp = compositions()
    with open(os.path.join(HERE, "tex_table.h"), "w") as f:
        f.write(head("tex_table.h", "The commands of TeX, and characters raised, lowered and composed.",
                     "Made by make_tables.py; do not edit.  All tables are sorted for binary search."))
        f.write("#ifndef PF_TEX_TABLE_H\n#define PF_TEX_TABLE_H\n\n#include \"common/plain.h\"\n\n")
        f.write("static const PfTexName tex_names[] = {\n")
        f.write(pack(['{"%s", PF_TEX_%s, "%s"}' % (n, k, v.replace("\\", "\\\\").replace('"', '\\"'))
                      for n, (k, v) in rows]))
        f.write("\n};\n\n")
        f.write(scripts("superscripts", "plain, raised", SUP))
        f.write(scripts("subscripts", "plain, lowered", SUB))
        f.write(scripts("blackboard", "plain, double-struck", BB))
        f.write("/* mark, base, composed */\nstatic const PfComposed composed[] = {\n"
                + pack(["{0x%04X, 0x%04X, 0x%04X}" % r for r in comp]) + "\n};\n\n")
        f.write("#endif\t\t\t\t\t\t\t/* PF_TEX_TABLE_H */\n")


entities()
tex()
