#!/usr/bin/python3
"""What dkimpy and pyspf say of the cases on standard input: id, kind and arguments between tabs; the same with the result goes to standard output."""
import sys

import dkim
import dns.resolver
import spf

resolver = dns.resolver.Resolver(configure=False)
resolver.nameservers = ["127.0.0.1"]
resolver.port = int(sys.argv[1])
resolver.lifetime = 5


def ask(name, kind):
    try:
        return list(resolver.resolve(name, kind, search=False))
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []


def text(name, timeout=5):
    name = name.decode("ascii") if isinstance(name, bytes) else name
    records = ask(name.rstrip("."), "TXT")
    return b"".join(records[0].strings) if records else None


def lookup(name, kind, tcpfallback=True, timeout=5):
    try:
        records = ask(name, kind)
    except dns.exception.DNSException as fault:
        raise spf.TempError("DNS " + str(fault))
    if kind in ("A", "AAAA"):
        return [((name, kind), record.address) for record in records]
    if kind == "MX":
        return [((name, kind), (record.preference, record.exchange.to_text(True))) for record in records]
    if kind == "PTR":
        return [((name, kind), record.target.to_text(True)) for record in records]
    return [((name, kind), list(record.strings)) for record in records]


spf.DNSLookup = lookup


def judge_dkim(file):
    message = open(file, "rb").read()
    results = []
    for index in range(message.lower().split(b"\r\n\r\n")[0].count(b"\r\ndkim-signature:") + message.lower().startswith(b"dkim-signature:")):
        try:
            results.append("pass" if dkim.DKIM(message).verify(idx=index, dnsfunc=text) else "fail")
        except dkim.DKIMException:
            results.append("fail")
    return ",".join(results)


def judge_arc(file):
    result = dkim.arc_verify(open(file, "rb").read(), dnsfunc=text)[0]
    return result.decode("ascii") if isinstance(result, bytes) else str(result)


def judge_spf(client, sender, hello):
    return spf.query(i=client, s=sender or "postmaster@" + hello, h=hello, timeout=5, querytime=20).check()[0]


judges = {"dkim": judge_dkim, "arc": judge_arc, "spf": judge_spf}
for line in sys.stdin:
    number, kind, *arguments = line.rstrip("\n").split("\t")
    if kind not in judges:
        continue
    try:
        result = judges[kind](*arguments)
    except Exception as fault:
        result = "crash: " + repr(fault).replace("\t", " ").replace("\n", " ")
    print(number, result, sep="\t", flush=True)
