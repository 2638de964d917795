"""Which faces cannot be read, depending on the weights that embedded them; measured by `python -m training.nobody`.

Each rule is the mean of ordinary faces and the directions in which spoilt ones lie from there, as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from curation.domain.grouping.unreadable_faces import UnreadableRule
from curation.engines.weights.grouping_rules import DLIB_RESNET, EDGEFACE_XS, direction_of_text

__all__ = ["MEASURED_UNREADABLE", "unreadable_rule"]


def _rule(directions: tuple[str, ...], *, limit: float, centre: str, centre_length: float) -> UnreadableRule:
    middle = centre_length * np.array(direction_of_text(centre))
    return UnreadableRule(tuple(direction_of_text(text) for text in directions), limit, centre=tuple(middle.tolist()))


_EDGEFACE_XS_CENTRE = (
    "209h49LPf5?Evs3*1<XfA>Q=}7A45s(bobY=s@xx0s8I;0}?Gyy!jH&z3m6&BG>2&EyHZ@?hM`L#3$w^)Ya%HQz`)J9q|tR@&eojClBWwE&&"
    "%hLHXnF4;&N$73&!h3?1S8(;M_06#(b&R2dA{*nb99+Z7Do`|tHn_YMm71}PNF10F^g0NO_k7T)#|@9^92K^q1&494*M{`COU2-f}s1;OtRy"
    "+7yk=+F@j&GfYEN&YfG=Oot^{Y>pB`}h*Q4IuyW`MmVx4+ZTN7bOog;=&9H_Am?I49N%b^&Ye<8twxjrwaJ^=p5QNQ2i0^?DGQjyXFo9${{`"
    "o=KcOJ4j;uc=j7`HH2vlaCglnDD-R#(3nJa@@yQ?f8dMeu&EO#Q{L#w<<tf(;_7nL8^U4P2^TYcqE%EgQ6888b`WyQq0O#E53>ZuQ`8YQG+a"
    "LDZ_q8kG$ph)t4ju#P+0hCD80{ks>k0b^4E!B1^4KR0IN~W4Gco@y)+XN$$pGgs5ij2++z%(>0UzQKrtt+L%mfzX05Ue@Mi%ZY)$j$z`u*3^"
    "2m|N<&E6#u6je3$=K2=%;05v=!Sv?=%hws^72XCk)7uCnEAtf_1kxuG6&Tgv5Ec0DN-xg8DD?Hv^$;Hh+$H(u@)!KEDk}Z>8~W7m"
)

_EDGEFACE_XS_DIRECTIONS = (
    ";s^Zw2kiqC@&N7(-xv2J015jA^aJ(s4F>)Q83X(E3Mk<D1`h@e4EhEW;vp34;uie)_Wm{l3j-4L`4S8F?g0n-`4<xZ@bcL1@Bk9_^%e^G8UO"
    "4Q_Y3{^6!q;9Bnkim3ib@>{^sut=k^v07W)?Z2Y>bX6Y2N)?e6sW{P_L!9{&#j1P2KG@%R50{sAWY=o{t@_W}Os{09!++X4&_6ZH8A{|f;E3"
    "jPN63HtX1{TAE;5gY^d1_bW;^CR{V1Ni#=1rZhn@dx+q3Hk~i>+tmN=NA18_VfV>_y`d65AO)|`svv82?755+XD(603Q1E8~^bS1sDnl^a%F"
    "}$^-8N_3_{I0S68D^#lv}2?YKJ>H!h;0Sg2V3IX~B^b+Li{|yQC4gBX03kd%x03QDJ1nlAd2N($Y_yz$I@%aS&3i$Ts0QUX@_x%&_^9%15{|"
    "*)O^Ys7+3G)dB@b35y^9BzG7VZ+~2k8tQ_5bx11o-|469@_z^YZ%Z_5Ke48SeuE5%~QU04?nI0uuxR`v3PI`uhm~^#kw(@CXJ2`Rf%7=>-H9"
    "{rCU%_yO<m1^M#>@%Hih4G#Md7W(D*2?+e|?DYWl01f=|_xlY87Uu*J1^oN^{R{O4<`(k_`R)Sw{^A4?@&5r1{Q(N}0tx-~0}c%S",
    "_~-Q&@etwt2{Q63=*9*q75Nb(@fztI5C-l23^nze4#djI8SUc^UL5z&A^ZN(48`&ZCC|wB^c~ZRE&v`e?)>lh4LBVO`Jx&U_2xndBgGKd?EV"
    "xV&Kg74-w6pk10d(@7St*UEwCo+&I{F2*0HSyB;(Kl_53*-1MMsdslC(uAwB-+3Jv?w3>nVE2s`lc2^aV`-u<QM#xczb2KMX#LhKnELnq3+N"
    "i_lX-4f{Y{pb+z&FlC9FbMb@8~olHE)4}nv>^^22IgJkAk5M>A!8LPB;+FdzxE>x2Bga?`T!m#56|i~>>L+B0R#Xhrz7DdBL3qF_yFPN>HGf"
    ";Kmz;`D8(=oPci|s+uG$5vjzh1(<<Ze-uQn50Q4Qu((5=B+ygS^EFbd%FbD_fE2su30Om~%sQe}M(*Y420VXsWCkgrK)HejD2;CeJ{1f=w<s"
    "JCt>jMb%@Hr#@5cerS+12Xz8}>54zUJcI^wPf=E9PuGtP33b1G&sG8NM|W3EAr70yP8c;I+lu{jAUy+x;pjAodv>DeXrC==%Kn9U1sH>i0Vq"
    "`}EM^_aW!zCH~JABNQpz3gH087Y87HHwE+H^!+sw=m*!?5a>%n_tn}p)A;wp&I%O#F5DCYDGL}+ED{6J7!v!rEENSf?=Jk_^8zsU",
    "<L~<j1`7rR_zdz5`u_bL`vLX{`3CU!`~L6+4+{ME2N?10_z?vT3;6>7?H&dB?+gn60Q^4-9tjHu{0Q|2`1bn)2KNX9^7QWi_Y4dI_y-9G{sH"
    "<M{|Es44F2g24F?4S1o#T|3iby1`~v_268HlH1Aq4h0Q~+8?)v`z1MU9$1^xi``T!FC^z#G@3HlHM^#}J3`}qC%2KNi_+X5H|2J!>|{sRF04"
    "FCrL3jgH>1O@T-5(fkZ5%}%+=@SD50UGo82Lufd?*IJx3HS~L@(cCy0QvI=^!xSz`Sle4`SAGy^8)bx4EF{7`}zqH{ssf@4F3K6{R9F01_=2"
    "1^7i)x_4V@%{s;j101E#D2Ko65@BR(~^85!2`uqp`4if6)@&N_%6anZA1M&0^{}2QE`S$<;`2qy#_6`IC_xSh)3jhS@1?cn-_V^78_5}3){R"
    "IyC2m}E73I+!e@A3fv`wRpE5cLS}{P7SC0tWg91^xR8|M&kF4f_K70QCa_5&#DN84&6a_zD2=`Vj&5?Fa+|_5J?>`ugw%2nP-b_U#D;`xX8G"
    "2?YB1?fmcT1`7oK@&xkq1rhoJ4FmM+2nGZG`tt(z`TYs{^#cz67wqr*1^E8=4hsSa`wII4_yPd_1@#I7@%8ln@dgUx1P=KF0saI5",
    ";>R!~<J%bb<}fHh%<>iu@6Y7Y`Uu-A71J&h{yL<}+$z8Oss}L_L;xTV=NmAi3HKWi@X;O|Cr#tQ&*E|z*Co8d{ycREFWVac(XSvIC&k_65BK"
    ">C=J_}2>i+Zq*V_2lOXm699`_+DCd>IT5CSp~=NZ(*2KfID$WR3yrtrkyLo*Ng6har|3A_vUMfe-{@K4P}8QtIS@);-?_WbVHXu;h9Ck(8@="
    "I$f?w)D>g3icttOeE2t8Tk<er{)j~J1GfS@i!<G_8DQb6Z2MK?jf5FGB5=t#YsLv0NNEd2G<^2{lT*TzA4=h74_pa*fs3w4LA(C-v-_L?a}T"
    "LEi?fr10l5qHa-2_(B`%Lxd;as+a<mC`l$&c*#N{9#X}(Wp-j8l9xK=X0VeF}9fu4P3+?p~4>#f{$M&e-EfzEyEDQv~^8+FI>Hib~9t{A;;~"
    "xo3<qO0hDhwe4xBdwnFFoMnB^xxH*xpYk3(D&NJO3Z!0x8nZ)(Pz_{N4To2o?|!Qad3R^BAY&^d!so`6eU`qC(m;7s(0dEg|>SAT1U0F&aqb"
    "=>y{=2l(LUc|Pbr_un4h79lK;;Nuz=?(X<C{mcma_aoW~5Z@6XI5GJz;^z+Y3)_Fy&ixSs&n5L39|S=1@k;UV91ZFf3l*E9|1oF}",
    "%G?_A_`(Vm4fNDZ?;-a(0Qtf00Y~um5KHC}`tj1Q2`%ON7bEE<0SN6r-s=qa^aJPN5bY@w{|HRz>lY5z^XvL4;_@HT`y~4G4<|P2>HH$r77g"
    "P1>G%%&{?aNfEz!ly{m}{1>>%F>@y$5{73mTV34h!BAm8r%s^9zT(%v5iNCZCx<Ou!>)a&2`@e(xC1|{hj=kE>Q{xtl}>(UYr`ux)34j~`%B"
    "n1l5Jskn_{6PTs4M6nf^8_gH<q`}i69W_O_7w&Q+4mIY8~Otw_7DZ@+a?d#>lF<y_8k=G0P#2d828Bn3D^P&>hCNe_!JlX5A*R811RJX{~5y"
    "g$QIo|5Z&Y%7##NI@%0?_|Mut*&mjQm@arER6$S?h>K7yB<nI3GCe;537yREL{6Yg84E+iE)fff+-Qyt=6%!{D{_N@77!lX+689eN+$i$=0V"
    "4R|_4oS`00{f~4Dka3=O+j>Aqe>E7~=o^{}A;0BGe5QDe?sV{p}bI;ocky0>sq=2?+`e`vm0p@+AQk-~u)*1KRNj+W00C=I<!<^Wpmo<M;q1"
    "F6r(V^W+BP3h5UN?GPW<01hJp5a+}a4*?$B^XM!C6&M5z0^$`A{qfEw2;k%M0z}~M^yBXL-^TL&ED6Z+@EP~*-1{37(){Jt`35i(",
    "<*)TF_TU@a=r9;8@elbO8ol}J6Eo=qDgWc;>nYQ-_buw_`w<86P~_YU4iz%M`s)7r3jhlhC^8(p-Ulk&;U3X0*6T|44&75Q4+tVL4(0pK{{9"
    "0F!WBCX2J8tM=N6&b4D0aLISbEA1l0;c3I7@e5&6sw68Iqo1UnM?;Ooc=U>5)Z?j_v;#m(>zFY+(V;{Dn$^6AUU92gt$-TVLIBpmVd|5v{31"
    "r8ntz8TId2plKfB^~tF{OB<l<?RUoB|R}S^C~1C<n9~92huDJ5*qgHAuJ~As3amt-3Aso_{BLV-Tckz;0Dey3+eJS|LQLX(kDFW)$sc#=LzN"
    "7BK`{gA`<-*Pu1bxAno|}x9%(%+5Q3m!oC6}`u+0w@Duyp?cyp1JNOR_91+*}AAv0dA>jNJ5JBAr007zu89p2!_yZo!^6vxS{tpQ))BNT7*Z"
    "&9<4JYOVHtiDs*vtM#A|T@f5!M>8_0$pW{O}+IV)8%d=kUzS>($Le9me$v6dUUbLMj9f0r=M7104hV?bJsQ_Z#ycGX)s^{0{-V_UgD85fv)`"
    "H4owM^ZLZ$D+T;f1N|c45f2mQ?BX;M3F_hZ4)^{N?i3dd6S5T-EeOpR(G?TX3kqJZ2<0E--RA-s1vmQd`8(jg`UTS8`$3cY4;NN3",
    "?i>jNAn^tL^CkN#2@(GE+8xRb7a;c?D+=cY{`=MI+92-&@ICPu6*BlD)lDMX+&2Z&<PRAbCKD1S0_hp{-_hA8B@!?H-4D0+3Me1z=JpZA3KP"
    "W`?(g9F4D0&v2>S*%68rQ62J8I=0rvO;0MYFl`G4p03id7p?!yh}`S%MC5hzj*JK6E)B(K>E4a)-H(EJWa1LyDc2^1pq_}xS0;^p?@9z+S~?"
    "f3XP9V+VD(ktf}AqEl(`wsL7=o$$K65;ml*YWct%L4f36BPs-^$;z_^9%A9;uZ1__TS|)0}%@!8UW}I?&A>c{{S-X;3oJJ7Y+jF4I2#M_%ht"
    "O%OLS$w8```;_CDL|KcP4-4*&V01NKv;r8**8Os6v67uTm3Iqh`4+z#jEaD*$$NU@N0_pe_`Pb$2zzHuM`WOipEE53;8wvX6_UHD+5hLaq0X"
    "OyX^c>mpC=%Qi%nkGb0}>=B48Iq?H5dB=3KS3tBi;1?G7ba%`^x14A?_Rk^U3@R_zlJ*-yGZ+^f25V3nvsU58>7k&e8TB1R?~u+v)1-;rRIh"
    "=k>(@=-Knu66Fi{#U<(#8W!;`I411d<Tuy){O3CM_zE2B?DZ@i3i<gb?Y!a&93a%%A20<Y_~rQ#=g{@T3jqil`6liD;QBir4<ZI6",
    "?Ii9JH|h;30|){3;tusN*ADvt*Btr>0Necr81V1}*bVRX83+6hB?k@r_bwyJ0qztG?e#AV_!Z^!4i*db0Rr#Q0}%ck()$DP+w|+;^(qMm3f4"
    "C401glX2?Ng}3mr503-1pB72fdt`{f7v>Ix48D1Yw(^%5Hy^x^{J`~3*Y4eJuy{wV;~4<QB={{#y6?F8uY0T$#C{^0!&-xdZ67v~Be<_^;%C"
    "+8y>`}+Fw^$^<q_8So|{TSK)-w5O!`p^UV5(xJP4)_KJ2-_eR^Y`!h)(_ML4D|c`8S)g?6b1tD{^9%s7y0J}+Y}fO4k_>VIrZ`=^CB7r1MLb"
    "E-ShYk@c-!Y7!MZ+=J)#c`y&DQ5BU@98W#)!8V(2i><#iM_7Vp1A{Oim^dlQ35CQ+%{}A%*{SOZR4-^C%+wcd=92MTo{p9!w?HCdU&kyGh?e"
    "zHL^7|eX3<De~`U~6*8}$JBE)O)|`}OMZ1oip{;2snP&l~{=<oVw5%M=d)6XHJ*0rC(O4K?lD><#nx>k9KH3-B8L`3=+y^ab|#1lk1p!VKjE"
    "_80Zz`wt51@cRV`?%M<p3If^&8w={|^dANF2lod2|NiyE^!739CKLbg9Qg?P2rdWR^ZeWjBJu+H`OOIp=IiAa2IL76850}P`~Caj",
    "-2ngg?=bQh^%?;j{@@b?{rd;x_X6z!6B_>a8Quf~2o4D#{Tl=OA_(Q*<`wq-@C^y+^Y0xL@(daj8T0k!3h@dN`2QLX)c(uZDkLl3+xrRp=l9"
    "YD@&oth;q&Au6$<11>?sE22ipoG1L6P=3<=-p_J8>36YLNL>EsaO5B1s)An*7J>H-uT0pbMv2M`kI^!_64;@1+@^8^R=`0oo41q~JT`XTw>_"
    "WtnkEdBcW7!>gS@)Gq92@UKV05JLq3-#;=@D2Xw)ePtI`sMTi`x+eC8XNEf=nnDduKN1%2m}J^=_Bs*>G%@v>=FkF@*4-;3gr~{84DK!1qag"
    "X^5fqO00P+t=IHqH{U;Ij8s-k@2QTgj?Ex47=lKla`ULyq?*R%476k0_66X9b@eunS`1l3<_3!Qk+Y2EO00{aR0N(aB9rfe@<?QP32L19159"
    "|ct4)PB95BBp959kK@_Y33q|MB$p2mjS4=MV7c0^AS(_4*SV3-$j7_Y^1`3-Ipm{vqTK2Nw4R`y2K8%F+t=0O$1u82s(?+4}tq;RG7<=lT*J"
    "8O;6T<?iwB)!yOi>lFMO8vzy-5&+=o5ep*i?=J!8?+^d|_v;EZ2ksRO>k#4Y`y12q_!AWY0s8m|<?#g!{^kHC<^Js6`z7oj4gcol",
    "*A^lM{rdFn-0=e&(GvDe-tWB){X^;_^%(XODB$=I>?Pm?_9){W7b*H7(GVofr6LFJ;r&JS>g782A1XGv`~KqM3GW2Y4<zU5?MYhT)c`Bq78}"
    "_g;p-U$1>ey>I_D7_>HaG13e*u4<Ju0-{r?;6@PFFsMD64)=(iy8+5rR+2oFdUG5rtg7sn3~5dkCJ-46*C;QikV^Ahh0un{*j<md1A1sO0M2"
    "@3lU9XQV3{urX?0TLSW@f!ml{Tv$}7AOP31rYrC(EHC9|IFzN-~vbl)hhPnuKwu-*8~al1Of#K{o1GI2KE{a;{O{g=qC-?JnHTP0y7uu{r$!"
    "FwgJQA)$jHN;{GD_;TuE*0UY`f?(Oo?@CyIwC+iXe4%YMa`|~yG8s^axCfXAd`zrIs?C$gk{sijq+Y}fo7w#SO4Hn!75*^?R_x<<;;V<9~^*"
    "$!V;rklwBK-3f<paVA`27_j2N5g(_7fE76)hta_3HNbGzAqH@YvDr<q!539k|#583oD*?kn~X1R@LP&*Up88_L|!@YDGC+7L4p<=8nV=mz@$"
    "AtKWW_v!rv)509o&=ctbCKu}w7V_Tu{`?Wv87ms_*CYi0{tWW`6t~SA4BguFFa_rG{UPQO2k9cz4+QrR_~jb#+C?cA1_liI2oNd(",
    "*c$);C<5&Dv?c`<;vN0N)C<lM1}g|XVmG?-49)EL$?h5q`%DV;D@FZ5^h^oa#VH)i-8=;$FC8x{FZ?Im==9qqDFGSg$2O(hB1H_;vh*I;3lG"
    "f!-QLjYDZB055e)`b`2GL}7xnN0?duWo3B>d)3xD6<`wlQ12&W;$`U>ao)e}@BPUz0fVynv{5UJea-thNCAoA?t`5PhE_{D7W*Ac$Y{xbji)"
    "A;K{7dZLdnnukd`V1B<-{t@S{U!?!5sCfi9Pr)=vfd2-EGzFa$@^BJ<_7W*>>tw$7zflADIy37GaB3-{_ii!@A*W}$Lk6!75WJ{7)w^!6<qM"
    "1%O2ZUsl6I4=(-c|<LxpL07vFAIsxJC4D%9}FSRE38^6>Q6%{=SF!0MnPUuJ%rvM4wAPCC_7X;A&)Dk=}_AVM17ZK*>CLSig3-G$v5<AW?^E"
    "L(f{s-0kA^Gc4^%A|x`5H+q?6XqCQ6taj2n8BCAN%|bG4>wn)zsnS)$K6x3#kU>(9_l&)-3BW@Gt8!NH_6bBE!n@#QfzS&LjG|(%Jm-$IZ_N"
    ";O-3I0^sQ6@#`e!z$57*_yqkcIS~oAu`kgB4jnMR4gx^Y)AAKH@$~*i=-DGU5+Bao7BcV=7SZT4+1}OL7vM4v6g=tm<MMGG6jAgH",
    "=kn?V?<55g1P%Qq`Slhd-1z_e2m=P~{wM$!CHn>V5Dn(|@*xlX2NUt(<Rk?D*BSu$_~|7F_5BtZ>K6U$1oIFn@beuF<q^!}3MUQn)dDE;?eo"
    "|r1_tZ_2ldh{NFK=s{t5xs`R(%~2IB_;9tiN^1%D9{7u5d<<J|ZD9rxfABly@3?)MxX<;EKZ5f>fA=?fkP+2{@53IPD@>ii%C>j4q<?Gxwh5"
    "Crh;A_(sA2PWzA2^#MS^ZM`(@g@EiApQCC0{I8#;0)Ub`}gwt`3V*71QqN6=?dWeumS`L1M>Xf;4azX0{I^d^aLOT0}=b>3i|N;B@Y7c`UBM"
    "Q?DzN(1oX=Y=;-t2@)!>H3h4+D_!t2V>HPr<{09K*4+h)K<NFu_9sB116zuFn{s$!^0^<Aw_Wu6(&<q3y_6Yh51mExv4Aklv`1A<){PgA>4D"
    "|%{0P6_lB=`Rd1l0)p|Lyht6xaOw2<{0e<_+-u{No!K`SK$j2;cz={Prg#5B>TE1s3NU0~QJY@+0{S)XfSD1<Lf-1q|&V@B;n?^6&@)<`4xU"
    "4)g8%)7bL%<Kf>4?<DL37ZdUw83N<kBLM>B`Tzml?g9@F=k5t1CD{A|{QmIk6Bq0H`5yP}?cWau((VEU^#AP=<n{v4`U&<2Ao&8~",
    ">*Ez3+Zojs02C4*2L}iS=L+2dAPNKr;uHA-2omk(3HkN&?;ZyM4fW>b@+c9)-Yxs(4AB@83k&h=4F41H^6LE|_Xs}c|M%<W^zH@^`xgTM5bf"
    "za3=IMp_yf8e0|x=&3I6ie6AsS=B<9m15$FLWB!3+C``kJC&+^>{|KR}gDk1$00r(RX4CUl559AZt0W9+?@$~A~^A8u|<oh-h3GW~V5FptJ9"
    "q$en^(*l8_%`|V8yflqAOzeN*&+Ek8u;4z{TUGh@&Ntl0vZA200;&13iA>E?fw1q=F$ue0p#-|68p*M;QR&%>gh5P{TTuMALrfJ^9|Mn;``?"
    "H2I(d&_wDU9B{Jgq01oN#@C^|O^AXYt!0Q1Z^yKaL{{iOC*9+$YHv|0<8{_B%9^xwW6Xy8?`Pl~b+U5Sv_2LQ~C+`X5@zmoN00R`)@Dc9t{2"
    "~wV<rN19E++gE+xgxo{|L?lE%zPC@e?N@{}C7N8TTsq^7#oB^4k|P4AcqzA^R!?^Z^0|{{90S4Kwfi=mabJEEw|r(gn}}5&H4n;p*o5-y`}D"
    "5$@;y^6B2z2o?7m0SNBZ2Oi!E5!?#UE&T%c4-*;s{`UO^@97fo73=K)?fv%R0vICh_!9E~1@sE_;`$cj;sFZ`#S<6W^a1$t3I7`?",
    "+9DL`DD?II<0$hV^AZE*!yd#D872lTEDzoUB;@`Z(j5c&0YeKH`&I=h=S3LZ)k+cG+!8zj4hjw?6%jV;7U|v_0WTN>?j?=m4j>fF`2Gg)2o="
    "*I1=QLl2kh$SJN^eZ@$&fl4cqw_4bl19_v8->`cntqCgnmX(yadH0s`>y`3_b?O#a>0f1CLX9?k3X!vFLv3+?X*9t<b{`15Dy>G0+L3m6^%<"
    "=5ss_$B?@(=zBP6Z#1O-xB*N>^K%40>~Hw^zi5(=hYJ95HAra!TB)d<rCHp<`UcRB=G<YA5H@!5BcW_-3ti{0Vgri$~5#6D-rkLFFPmH?jY;"
    "p#uWQlr@{9K(CqmK3-l@o%R~A-3IOrx2kh&)6}1lc{_6GZ783yO5&7C?AJ{t#sr@3?3G%@D4D{UgvKL$p?(y&=NiF{68zmg*3HI#8Asy!n?n"
    "x8=@cqU8Ec)#h#}>}}^b1TQ0?Ht%Jp~5w1`8k<7x@VKIUN}j%jDzd@ckSD1LFG`=<Vt+?-TJe{Wah+B_{?AAn(rQ-qX+{`7-sk=jZS9-2vnG"
    "vjElr=;h_^_xk+`(l*=uBP;wt6cO#x(J0Fm>;5eS2^Too?e-S_2Lm1h)4vxcM)>d914Qpa5Y_q>*0uuAC=DG36&wc_>FG-#3Q89p",
    "@cRG+{QdL^0{;9A><bSR0SWmH0s{I4_67J976|q7{tWQ$^$qq50R;p7^d1fN>lzIC`|>&l5(*9U|NaC8|M&p_{SONL@&4fc^8^C}0}BiI3IF"
    "*l1_BZI0{hev5(@$S{_Y0$6Zh@}{}B2I5Bm5I5`X*e2KNI5;_3YT`tJ$<5B~-H1q1>0{qOt}3h)x{>lf@40sj5*_yG>@<O3oH4etdA3JU-R5"
    "(Eeg0~786`WW8;5CaAH5%v5G><<MW3Hkx@6$}mw?*jt&3;YKJ?d=2k_x%k2_4n}c0}2%g1N7_&{rlql{ss&T>-#1P{|*lI8UpG8^A7*{`U(5"
    "|=I;ds@A3N!1rhxE02K874g?DU^7sY__5JM#`tk?*`vvmp?gj+_6#Dod3Iy&G1_BTE`|#`q{{IH;^92I;`0WM*4*dl2{`2M#^!XI_@eA|@2M"
    "-he{0RX291a5&>+t3L^8f)29Q+gK`S=+X_zejU0r><42K@jV_Vok;^70V?5cdQC1`G8H{tEg5{So^B{SXNi3;F;8^9k|)_zVOI?B)sx{uA^M"
    "1PSx|_W<_S0~84m{Q>#){~G}e8v6I@694@2{P+(50|fd5@Bj$(5$Wp&{r>&{6bA+Q?-cj@0Rs;A^7aA#_4n-l@e>s700s&A2L2Nd",
    "=IH_e>IMP^{siy{{rCAI?*{D(3KsPC>lE(+4+!?@4;kw23Jw7b3hwm#=L`My`U&<12I?{j5&aDN`V!|0;^-0*0Q?X9`vUX%_X7|4?f?<|2K?"
    "|F2MqrB1o!zQC<OHN1o#2!{rUC*_VV}-3hn*{1%Cq+{^S!8@bUKy^6LBj4G;SS^z;V*<?#Uu{{0v9_7eOd?ECfa^$G*&>ii-T{`d>^3J3f02"
    "?hW86b$hI{}TH56%zal4*m7??Hl|R5Dfk0^8@@6@B#P)4FmfH1`GuC^a}v`@c;o0;^+$g^YQow@eu0x2ly8I^zRoK00{v92K)8?_z3gy_X^|"
    "b?ELQ&{^s%#1Pk}^{QVaC_wD}~<rMz=>hl!@`27g{5(Dnj_v{As7yI!B8szj43J(kk{Neur?ez`p<q--8@c;G@3GwRh2Ilb%3i1>A{Rry>`w"
    "I{C`~C>>6ch#y^Y8xy`~e0F7V8o72l@^B1Pt*B|Mv_Q{_7hJ2IdJ42jLX;2K5B^5fSbO^z;Jh`V9#C@%I)C0`ctt_5<z&1_}rf`TF|-_8R>C"
    "4*K~5-|P7B`}YO^_XzOm3<KN=7X1R~6aM`8|M?R4^Z^3~{PPnD8}If60`>Iv3l8iF3<mxE0RRR30_p+x?)Uxs>H!bw`uz0r3;7BP",
    "?f3!!015aJ{0066`u+?K{0IXH^#}X@00Zp`82<740Tb=~{}1~M1qAy7?-UC7_zwgC`vO4>6a5eX3H$p7`1ubF^#lh9;q>4C{{0OB{tEv5{`2"
    "`8@eBU%{P^n&85RKr`~nOA1?}$t_x=S44F2~30e}Da3iSX6=JNIP0rB|+0Q3p;{0jo}^85b?3jqxS`2zU)`t<zr{Q3~_?EVS_5BwJY2MYWD5"
    "%&rO5Bu~51QzW04Fmf44FCK9;U51A{sHs*0R#*S=L_=j1MCS0^!)wg0SW^Q^aJMi^9K|4|MmR(^ZoJm3-<v1@&FPL`V$NI6#V%G`~C|C{Q&s"
    "_;r0Cb{POVu`wsp5{uKZD2>1Z|^aKU_00#CB`S=L`{Sfoz{R0667W?@N2LAOE0u=%N`|j=v{r(2+@CynN?fVA+0s;R14D{;-_wEPx_5<z@2K"
    "f&60{##A9R~{*{r3a*_y_z62=M;r0qqDJ_6z$2{rvX){`w0S{Qv;~^7a=86#ESJ1rPTP1q${7^$iUJ@C^6|{rm?F`UL3%`2+t0_Vx}4^$ze5"
    "4)z1^{r~#i?fm=v^a1ny1r`4aA_D343J4AO^8^w8`vU&_^8N?^7V`i9`u6k!6$$tT?hgY9{s#U0^z8)?^!4o({00T=3JnJQ2>b#1",
    "==}Tz0QLP50SW61`VtEc4gvcE2KD^_2ng{D2MP7`{21`}`x6Tj0{8h4<qHq_<sJt90r)cyArS)v_6iUG`uG790tylS_73Cn`49jK<{J<A5b^"
    "CH2?_rE1L@=z3km-42Lu%Q0`uwz3Jnhi6!r}J2Y(3s{O$<y=k4_b0pbq*7YhaX`T7y;`tSJ<3GW;B^A_wA_w)|y^9~2)@$?E03hx2*2@CW52"
    "m=xe6A1tL_aEr~8U^|X4)^f(=M?V{1Niv&0{;vP^9l+91^oOB_W%Os`S=0{^#k+<_xckC2=V$069Vh<4EPHE?dul=1_%WJ5%28y3<vZ6|Ns6"
    "7?EC=}^z`Tv3=Q}A?gjDp2N44i{P+0=>IwY;_x<zp0Sxcx@C^m_4gc#44C(_b2L}E00`d6?1p5N%<@x{w>jw$`4etc(?dAIW0t655^8)Su2@"
    "nei^$7O=AqNc!@ACZv|N0LB3+yB0{R0dc`TYbB5cdBG5djbn1M~t03HT2B3H}WP0s{CF{uKKB`4ag8{Q>|U2>Sm3=mqix^#%3!0qzU{^8Wu9"
    "3i18__wohp5&--N`~dLn0~zKG2lnyi3=9PT^7#+={{9B_+vfWQ7Vqs21mpwr4G{(b{uc8F_2UN&^XvNT^ZWJ_=?M<v1MvUl3<(7Q",
    "(*gzu5C#zn1P1a2_WuAH>;&!q^8@$+6bkPO68856{~YH2{|@^P4gv)c>l6tA>l6k9`2#})7zPat2>$y0`11Px_V@o0=l$dL_4y6w_y_m+4DS"
    "06_Ym^#3+eI@7!Cde1OXHO2k!j|`|t_$1`QGK>VNL_1@`g@>G}Zf0qp_;?(Pxw_Y3~w@bwP|69Wni@c!!n2IU0u0P-08=>`P;4Eg!;_5c$D4"
    "DSsB7xVc92?^=`3k(7H3HSE<*cSr`_YnIH1Oo^c>H_cg2=N~p?DzBP{0Q_3?+^R{2^1UY`t}X+`TySh6YK!`>;D7?>jnk&69)bM2^IhV5dZo"
    "7<p%Qv?g-%g^aTX;?gI$(1PSsC?EM4c3;6*7|Mm*``4;T+`3L#*83XAF0Q~$9{T}xI^#Sn^`wI-^@fjBy{rvp&2m<xz8u|JL@&pG9_WJ7s{`"
    "(9B2>}rN3-b&M`Th$5^%eO51PTE23EU7C3;qcS{Q>Iw3;_xa`vd^@0QLz467CEH5D@ww1p)N&^AiRQ^bGp{=>h`{{rcYu0SOZE|MVL72Nv%D"
    "`1b_;^7{7U{rdm=?G5Dp{}2%h7X;$<?-LFT_xuIz1^yKI?f?Sy8uI`0|LFJ#9t9E#^B4IL^atz&6x|C2{OkM@1@#T)5(xhV0tx~5",
    "?&=N<?DqT<{}T)e1_KTs^#cO!4iEVJ0r?062nE^d{T=KF^AGn25cT-*^&|h<^bh#+0P8Ib83*+D74`f1*7OJS^#~^X?DOvS;QAK`3kUP?58?"
    "s~`TYgo@BHTl4+RwG|M>yr0tEFA`2Ob=1qA;z6My{P{O}<9^!)bm?Evux2L%)V{}l51>ih5v8SWeJ<_z=~^#bbk_W>jB=>Z`PDfJNd3Jd}e0"
    "rngf0SfgB3moO}76kYCBJ%nO(;V{@1pVFs0ulxW?gIeR4E-Dl_y^<g3J3}T^84-y@$Ccm@$&s7{NLmM`T_gt0qGqd`xF-SCGzk0@&fe{^ZVu"
    "X<Ms&-^aT466(|A+`}_d-^7ao5<PPcW{`&eO_V)D+`Wo!--2>wLAnp7e3i{{$2@(tf^zZot?eYus?F0P-4D%Kc8vgV55%lj9@AVSz^AYd}3n"
    "~it@eKnF1^5UL=lb*+0uA5|B=#KR_UarJ3Hk*83jF`+^92eF{Qd$A_U#_?4(k*96b$kR`2_g$0TmVZ`Vt@h2^0by`TyPr0}K59?d<>d?-BX_"
    "5&R4P2>JBc1qA{A_5SGQ2@VeI9|86A3=Rqf{p}qF2nO-`_4^YB6aN1S@AUxs7Zef?;}sDR`W5~51nLL?>-h8w^$rgB`48#t`uPe5",
)

_DLIB_RESNET_CENTRE = (
    "-W?L|-uU_4GUY$?u=VyY%+%fH1q=rZ)0gPs3*!Y9!tn_h@aRJY!2uLiL;wfrD5(!FBN!Xc2`j)B8Q}EtJs;lEIL`4H-p8d2e=W!e==lp3>h$"
    "9ZL;3ki0sILN*!$Y~4B-MI!Z-N%{Qc(qHm*cF11%I30R7P44EG8R"
)

_DLIB_RESNET_DIRECTIONS = (
    "&(-6t>fGA@ASD?dnBxTZAo>)dAS&4;{ifgoBNqqw<>Ds)g7iiQrQb9wE#(Cw2i6d2Xx}KG(Dfkk0sYJF+Y;oU4Xp?)!oKDv@c_F2H!48!$qn"
    "Mj0oCvmA8R!TzWKWlISM2=9zPEV;~%)S8%`)A1q6S|1RKvD3cumG",
    "3>OC>EYYwX6z&lf$Mg9O-TuI-5f22-0srm-9l#|o@9gj0Q|c_{#n~Qm6Byta5U<`n^(y|r8!q|p67c@aUq0l`5#<6a^7-)mE)eq}*76P)+bt"
    "jRME(~j3Et`O`5xyeE5;ie<O>oZHZUpGFuy822^|4{_5<4X0{6rM",
    "8yfTbDD2n01Mo8W&Dqc`)&m;40qr>n?bzV=_7qJU<^L|${{m3^;R`St*x~sW{j5VDALbL|`~?gP9QD){)I|T;65%id7vBLJ`2_M1EeG8h*Bm"
    "(b;r94{=n^vM_Uh{=9^wG{!Ux0SD=GffBLxv40~t96LiYXi2Cb*o",
    "-%bQ0^x*@$1_BWUuPDz5@Z9wV?&0?j;O*<g3Gn%-0VwnBEczqrfeP$X5z_L{INv$-?*$*?{W166Ll^kVBM<okSI9<H0^1I7U{Mn03?L2#@iq"
    "k-H~Bv_`P&r%?)&l{IMx{_&h7EsAP`gCIo>?@8rr7<;N8|1F|Oa#",
    "APNs09IW^#xGqT^G~pZ?$_%dT;6V4}(h$MG74!)s0U2BQ2jn>2($-u+DCq$T-J>fP8)N>%EfEnK7ToX!V;a8R4$J^W^{(naXIi23&hsV~&Kb"
    "}bd&43>_YU;cH~RlEO}pb!3;_w<6%X;ZN(DtD03a}b>%H49GWO=<",
    "E#nMA)Xvr&{qyJg>(}}R@CX6L7c&Iq5a!bZ49y4?xen(35W*bY)hIYGD&V~p_~5!)6+7nb3_1k$<_Z_sPy_G5^Qq}W+|%JjKwI4h(E8jP<s0"
    "50EbS#!DHyxM`xNQ!N5nH~;{@~LDo7XV8O}H+92fk5!`Sc?`VQ>~",
    ">>UdpQLEJk*gYi<*(&iN-3ILT`mXT1!3MYABEbPNPEqz8Hq#^C%;^p)IK@Kc)vx#t)?XgSM+y7lA|wRwe{JIfY6kcO&*J+HJ1yEx$?q%jybb"
    "^cYXl6j^&S@R8tdx=CBEHJ3??uC3MxuFJk4n*0^Imd)d0jo3f9jG",
    "AL;NX7uU`#2;&O{!U*=}?hlKJ6B;Gm_UY;lNX;EI$OZ1;MExb;g!m?Z7bd?J1=`Jj7(V#YA2%M!5*H!9b}`4jF3bE%-{b}M{X5tloG>FT)ny"
    "s>JKqgSHs;~))*-1VJo_#q>pmtcIYL0t4Uktr92O#L_TkO!5#hM@",
    "0>JRh;JV)H69FSYvhNEV+z$}n%Ioq3=+mR}DJMw_4<tj_#S%aOi{S+PFUcSeL&+c@De5Gn>nJDA{|&n{$>_|OO2sW0(7e`WDD2!dHWuUdvmX"
    "S*{kJhC_GUZp>hrl8Tj&cJ@nH(z<SVn#JRnvoG7Nvs5*-2$E~2Ec",
    "8~X!156a6z0{r<T+v67&0}|4^1PJfl1oX)O3d|t<0viqWEaD~F%Fq-^DDLYQ0ng<-0WS^E7C;!%>EiU(P7>R=2)-F6;MdVPM@8Nt==A#_)G7"
    "EAIoUG&@(Rtj{}}!jKE5e5;|dJv6f*ngM(05^5*rbJ+41Ep_wnN7",
    "83$E5`qa+fzxe#W_6N@I$j%YU4Ji@a@#F6857{US)kEUNLeEzv-_{FxFWKT)Oo81`DjEgU6G{;M4<PQ+CjJJ*_5{)$&e;i8X+qOB12P5i-%R"
    "rG?dA6g<_7tv6K>uxDF7H0yhQ5U_Wuz=6oUXa_)+>b5If$?ECrqO",
    "{X-ru1>4I2_7@cm+Zq8U+UW4!_v6^;=m_P;5ZVjS1Skg6CiDNzp62FECh_m*1<w5m<SqutE*|j5F7^A{NfznfD)A>d0nF)Ge>&Fy105jqzaa"
    "MoGTJ@#<J<%d2`u&&O2H2~*AEZh1S=@*Ma@7k69?Ny!QRjoE#uSW",
    "{2(G8=><G4DDL_H?C1{#Qm@eb23y%35Vzmw2Gtq-{`MW-FUc<#p_L$YFt_3|2H3SaOFR?NARrgn>k$X@4#vmAzPs}S)7Jwve_)CK&nO2F-V)"
    "K$1^^uV%?;}S)N>v$711g-u~`ip8$R9!CI1N~sYgm?^b+ml2kF_$",
    "<|QX0?EusS0tp@T!WHKP^zkC}1poBf$LZy@_Tu#6;w0_QCMy^Wt_AKs5fS6!BhNGr>=O6f0VVGVK^E)j9}@=N6XYjq>CNzeY&;IyArT|%${G"
    "z5GVv@O@)h*<3I^o`ALtG--SO(f?HMfdD(xW+HSp~Z)b!CGOW^L#",
    "<0bgvK<%i+7xg>g%fb2}-0lL;2Ph`W>)gv62m}cs^6Mbf@%m^n|M56c_z%q=@Q5ik2Ie5k?EBU|F4Vm7`eXRT2Mr_>2*2tP00H$4N7Wqj(ES"
    "zX4f*qb_bU|c6z|J89MTdJ5$X!;00q^^7wzvSCKyl;L?`k3`}e#S",
    "11=6CBVzt2Ai*nH)&mz84$8z7+aL4T$OzLM`tgFa6CEM#IQtF+;#~)53Cr0J$kzhd<`*!);1)aVxaS|~DlP%T`4?V0<OwVrSs&jZ81gdu0Wb"
    "n_Sq~Bb3i&YQO7YxU-^>aN{If0F^C}oL4uLBb@aMbb@CNT40mMH2",
    "2GJGl%A)TH%k<Rv45?DS4WzH|22ms6@|dK;B?~-F`q(Pq_OCzhfyP`+F4!4D%B0v{EJP%>8ao6K@)85sL|5aEtEa(0!slEIQZ1(1oACkT!~W"
    "~NR>da|3k3kD)^F+-GNThB^f?XRAP?u+GYv~p^ImIm?Hc+KNFuJe",
    "F5vGkx#RK?1n=DR^2PK8$`l{iBN7qp{`&(I^WXLwugT&d>D=`07%CkUC+yV*@cq0yA|lr=`7!(!?;a}nUhVMb6V|^c^zzpT93}0}z39+56cF"
    "t$6a(X7O9j{7{sQK_O4%uY9QW4^EgcKv0Ne``6X4o8=h^!X)(#pP",
    "7V;<<&%N(98t)hY-RS!S$qx^(84Tp!0tyE90Nn%svdG5y3e4B(2mAOxJmumL;_|@?8ZhVn{3!?T^B5f7fAI3tB-pz@`3%u8NiNpctoZIE6Ex"
    "coAMxTmHsj;j{v_nPSK|<G2mSO4873{;4$A!`B?QSk*4pwA)*=%j",
    "5xV|P^oE+i(BJe80Mg>t-}1QF_b6$@-QK7OH`g3j=^YH;H^yuhw*DP@EAZVu_pRG_13dY;M?@Cs3mo|ZWik7t2j%iPo3%nJ?@+@d%M0%K?=1"
    "M{G1>`XLf-R%|46YNbO<0X?nVLBDdPe78>@C*b~znC8A0{;HQSEt",
    "JWd8T2+DyXyh!*$;_E&8*Ad>I8u|Ob@$c>&8mue}3?$C%HO&6m)!GU_FANku-MZ^Pv<egT05SC0>*5!qVJ8>u5cS+V^wG*#Tty2R2&xhE;uh"
    "9BZs#Em3H{FW1u^dQX~z^?C({+&5-k>_NcRC%AMe|G;mO=D4G6vx",
    "?#a;S%9Odn^Tabf@+tV(=?%mF`P41u&-k<lOHttH)%fY(82USYu11qN91Ju2t>q`%`O@XL+wu9=0u1QbT37!4PYyR|`2#`{Cj-@ypV}|IQV0"
    "A8Ww7x-Q|I{h?&;X<G&AAr2>U08+N=Za9M?ujQ3vFK@!IV85aSQx",
    "77ZX8{+opM^z;b--s%Mp?(5^e1Q80#2<*K06R0~u4i*QtV$wa+w9O=CK;+>h5s=L+*D?>EFhmC37vbyANFei?)8Pv?(AfM$QbNo#@%Z}8&H("
    "n@KHEPV<^$Wy@K)zBH@G7+#VP^l3^Ek&LB%;(MoJHV=qLRVB>t7|",
    "73mB{y~6%700a0b)e0Q(7Sh<#{x$Ci3BJAbD&-&R3oR?a7S%%jfyX9RLDk9@8`#ljKSl(!8!Icg;u{0tE!@(n&z<inyt5c%URaq9{}==csVC"
    "6mC&oS;{Z0nb=33SoQ`$Em)<_!c2{+j0H~?la7C1yn)C2x0GRDES",
    ")<yLwE(t5#68j|_<3j=~>-Wh3?&00{|0d%q0PfV@B^(qIBKic^^e+Qe3(w>0*6#Ac-x@2;2mb@j3gH;tC>Zwh9uH3t73B*kUm)})73DPa`yc"
    "8zCm9d`{Kz5<BMIy;>9_(9^XVT2>Khg#6@dZ}-teLl`4i+O{M-y9",
    ">_6Qc2Ica%><KK;#01bM4DRvt=-J%x&m!rz7~c8(86VdCAR!vghe`ZM?bGDfr1(?l=^OpK02k2fCKC|oLO2orP}M(a{?g}vWJmuK8PzuI4)-"
    "ShHSGxk2)ha9E$j#b3!&yM;QTqe4O>~<XvlFIO6Joi?e*3xIjILH",
    ";0_W7Q>WVr+dU!j;~?)0<p=l%0=L`2!~4D1D#`IFKt$RKFUUdPx#bikGtx%x+M@|C?OG7IIQs$rDo+mMe@@pNSp)bK!nFe+N?N`^sO3uW)e`"
    "{ob_@Bt4<PsPA?fb|Hqg>u`cp&w2rf%LLf=&<4fhLE-v7WX7UTIA",
    "?KcSJ9s=~_Efh=zpxeAE&;lX3XEiyz)5G`r6#Dlt5&0d+0`GtP>Gl{!s>%W%#)CUxAMoqQ)Z*kUC&1hF_<j|y0}%?#)aexb&Gg3=(g*X{$U*"
    "E05uwp}7#=v~=j7fRN4XP7%mU5a90c*UF;F@*8a6`#Dj)y_Ap5%t",
)

MEASURED_UNREADABLE: Mapping[str, UnreadableRule] = MappingProxyType(
    {
        EDGEFACE_XS: _rule(_EDGEFACE_XS_DIRECTIONS, limit=0.32, centre=_EDGEFACE_XS_CENTRE, centre_length=0.0884),
        DLIB_RESNET: _rule(_DLIB_RESNET_DIRECTIONS, limit=0.36, centre=_DLIB_RESNET_CENTRE, centre_length=0.9140),
    }
)
"""By the SHA-256 of the embedder's file; docs/accuracy.md describes how they were measured."""


def unreadable_rule(embedder_sha256: str) -> UnreadableRule | None:
    """Which faces cannot be read, for the weights of an embedder; None if that was not measured.

    Args:
        embedder_sha256: Of its file, in hex.
    """
    return MEASURED_UNREADABLE.get(embedder_sha256)
