namespace Merpati.Tests.Integration.Scanners.Judges;

/// <summary>Records of senders, right and wrong, and the names that they lead to.</summary>
internal static class SpfRecords
{
    public const string Names = """
        a.names.org A 192.0.2.1
        a.names.org AAAA 2001:db8::1
        many.names.org A 198.51.100.7
        many.names.org A 203.0.113.99
        mx.names.org MX 10 a.names.org
        mx.names.org MX 20 many.names.org
        alias.names.org CNAME a.names.org
        text.names.org TXT "nothing of SPF"
        pass.names.org TXT "v=spf1 ip4:192.0.2.0/25 -all"
        fail.names.org TXT "v=spf1 -all"
        neutral.names.org TXT "v=spf1 ?all"
        broken.names.org TXT "v=spf1 ip4:nothing -all"
        loop.names.org TXT "v=spf1 include:loop.names.org -all"
        chain1.names.org TXT "v=spf1 include:chain2.names.org -all"
        chain2.names.org TXT "v=spf1 include:chain3.names.org -all"
        chain3.names.org TXT "v=spf1 ip4:198.51.100.0/24 -all"
        why.names.org TXT "%{i} may not send for %{d}"
        bad.names.org !SERVFAIL
        helo.senders.org TXT "v=spf1 ip4:192.0.2.1 -all"
        1.2.0.192.in-addr.arpa PTR a.names.org
        7.100.51.198.in-addr.arpa PTR many.names.org
        1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR a.names.org
        192.0.2.1.list.names.org A 127.0.0.2
        1.2.0.192.reversed.names.org A 127.0.0.2
        joe.smith.local.names.org A 127.0.0.2
        smith.part.names.org A 127.0.0.2
        joe.dash.names.org A 127.0.0.2
        senders.org.domain.names.org A 127.0.0.2
        in-addr.version.names.org A 127.0.0.2
        mx.senders.org.hello.names.org A 127.0.0.2

        """;

    public static readonly IReadOnlyList<(string Label, string[] Records)> All =
    [
        ("no record", []),
        ("another record", ["something else"]),
        ("two records", ["v=spf1 -all", "v=spf1 +all"]),
        ("another beside it", ["google-site-verification=x", "v=spf1 ip4:192.0.2.1 -all"]),
        ("version alone", ["v=spf1"]),
        ("version that only begins so", ["v=spf10 -all"]),
        ("capitals", ["V=SPF1 IP4:192.0.2.0/24 -ALL"]),
        ("blanks", ["v=spf1   ip4:192.0.2.0/24    ~all   "]),
        ("addresses", ["v=spf1 ip4:192.0.2.0/25 ip6:2001:db8::/48 -all"]),
        ("networks of all", ["v=spf1 ip4:0.0.0.0/0 -all"]),
        ("network too long", ["v=spf1 ip4:192.0.2.0/33 -all"]),
        ("network with a zero before", ["v=spf1 ip4:192.0.2.0/024 -all"]),
        ("address too short", ["v=spf1 ip4:192.0.2 -all"]),
        ("IPv6 in ip4", ["v=spf1 ip4:2001:db8::1 -all"]),
        ("IPv4 in ip6", ["v=spf1 ip6:192.0.2.1 -all"]),
        ("qualifiers", ["v=spf1 ?ip4:192.0.2.1 ~ip4:192.0.2.130 -ip4:198.51.100.7 +all"]),
        ("a", ["v=spf1 a:a.names.org -all"]),
        ("a with lengths", ["v=spf1 a:a.names.org/24//48 -all"]),
        ("a with a bad length", ["v=spf1 a:a.names.org/129 -all"]),
        ("a through an alias", ["v=spf1 a:alias.names.org -all"]),
        ("a of nothing", ["v=spf1 a:nothing.names.org ?all"]),
        ("mx", ["v=spf1 mx:mx.names.org -all"]),
        ("mx with lengths", ["v=spf1 mx:mx.names.org/24 -all"]),
        ("mx of nothing", ["v=spf1 mx:text.names.org ~all"]),
        ("ptr", ["v=spf1 ptr:names.org -all"]),
        ("ptr of itself", ["v=spf1 ptr -all"]),
        ("include that passes", ["v=spf1 include:pass.names.org -all"]),
        ("include that fails", ["v=spf1 include:fail.names.org ?all"]),
        ("include that is neutral", ["v=spf1 include:neutral.names.org ~all"]),
        ("include without a record", ["v=spf1 include:text.names.org -all"]),
        ("include of nothing", ["v=spf1 include:nothing.names.org -all"]),
        ("include of a broken one", ["v=spf1 include:broken.names.org -all"]),
        ("include of one without an answer", ["v=spf1 include:bad.names.org -all"]),
        ("include of itself", ["v=spf1 include:loop.names.org -all"]),
        ("include without a domain", ["v=spf1 include -all"]),
        ("includes in a row", ["v=spf1 include:chain1.names.org -all"]),
        ("redirect", ["v=spf1 redirect=pass.names.org"]),
        ("redirect before", ["v=spf1 redirect=pass.names.org ip4:198.51.100.7"]),
        ("redirect and all", ["v=spf1 redirect=pass.names.org ?all"]),
        ("redirect to nothing", ["v=spf1 redirect=nothing.names.org"]),
        ("redirect without a record", ["v=spf1 redirect=text.names.org"]),
        ("redirect twice", ["v=spf1 redirect=pass.names.org redirect=fail.names.org"]),
        ("explanation", ["v=spf1 exp=why.names.org -all"]),
        ("explanation twice", ["v=spf1 exp=why.names.org exp=why.names.org -all"]),
        ("unknown modifier", ["v=spf1 moon=full ip4:192.0.2.1 -all"]),
        ("unknown mechanism", ["v=spf1 moon:full ip4:192.0.2.1 -all"]),
        ("unknown mechanism after a match", ["v=spf1 ip4:192.0.2.1 moon -all"]),
        ("all with something", ["v=spf1 all:names.org"]),
        ("something after all", ["v=spf1 ?all ip4:192.0.2.1"]),
        ("exists by address", ["v=spf1 exists:%{i}.list.names.org -all"]),
        ("exists by reversed address", ["v=spf1 exists:%{ir}.reversed.names.org -all"]),
        ("exists by local part", ["v=spf1 exists:%{l}.local.names.org -all"]),
        ("exists by a piece of it", ["v=spf1 exists:%{l1}.part.names.org -all"]),
        ("exists by a delimiter", ["v=spf1 exists:%{l1r.}.dash.names.org -all"]),
        ("exists by domain", ["v=spf1 exists:%{d2}.domain.names.org -all"]),
        ("exists by version", ["v=spf1 exists:%{v}.version.names.org -all"]),
        ("exists by hello", ["v=spf1 exists:%{h}.hello.names.org -all"]),
        ("macro that is none", ["v=spf1 exists:%{z}.names.org -all"]),
        ("macro without end", ["v=spf1 exists:%{i.names.org -all"]),
        ("macro only for explanations", ["v=spf1 exists:%{c}.names.org -all"]),
        ("zero pieces", ["v=spf1 exists:%{l0}.names.org -all"]),
        ("percent alone", ["v=spf1 exists:100%.names.org -all"]),
        ("escapes", ["v=spf1 exists:%%%_%-.names.org ?all"]),
        ("ten lookups", ["v=spf1 a:a.names.org a:a.names.org a:a.names.org a:a.names.org a:a.names.org a:a.names.org a:a.names.org a:a.names.org a:a.names.org a:a.names.org ?all"]),
        ("eleven lookups", ["v=spf1 a:many.names.org a:many.names.org a:many.names.org a:many.names.org a:many.names.org a:many.names.org a:many.names.org a:many.names.org a:many.names.org a:many.names.org a:many.names.org ?all"]),
        ("two void lookups", ["v=spf1 a:x1.names.org a:x2.names.org ?all"]),
        ("three void lookups", ["v=spf1 a:x1.names.org a:x2.names.org a:x3.names.org ?all"]),
        ("no domain behind the colon", ["v=spf1 a: -all"]),
        ("a domain of one label", ["v=spf1 a:localhost ?all"]),
        ("two dots", ["v=spf1 a:a..names.org ?all"]),
        ("a dot at the end", ["v=spf1 a:a.names.org. -all"]),
    ];
}
