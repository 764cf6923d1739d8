using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Merpati.Protocols.Smtp.Client;
using Merpati.Relaying;

namespace Merpati.OutboundRelay.Sending;

/// <summary>Whether a server's certificate is the one that a policy asks for.</summary>
internal static class ServerIdentity
{
    private const byte TrustAnchor = 2, EndEntity = 3;

    // Certificates that a server sends beside its own; more than anybody has, and each may have to be tried.
    private const int MaxSent = 16;

    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");

    /// <summary>Null when it is, or when the policy does not ask.</summary>
    /// <param name="sent">What the server sent beside its own certificate; it may be anything.</param>
    /// <param name="authorities">Null for the system's trust store.</param>
    public static TlsFault? FaultOf(X509Certificate2? certificate, X509Certificate2Collection sent, TlsPolicy policy, X509Certificate2Collection? authorities)
    {
        if (policy is not (TlsPolicy.Verified or TlsPolicy.Dane)) return null;
        if (certificate is null) return new TlsFault(TlsFailure.ValidationFailure, "The server has no certificate");
        try
        {
            return policy switch
            {
                TlsPolicy.Verified verified => FaultOfPath(certificate, sent, authorities) ?? FaultOfName(certificate, verified.Names),
                TlsPolicy.Dane dane => FaultOfDane(certificate, sent, dane),
                _ => throw new System.Diagnostics.UnreachableException(),
            };
        }
        catch (CryptographicException e) { return new TlsFault(TlsFailure.ValidationFailure, $"The certificate cannot be read: {e.Message}"); }
    }

    /// <summary>RFC 5280 §6, without revocation: nobody publishes it for mail hosts in a form that could be relied on.</summary>
    private static TlsFault? FaultOfPath(X509Certificate2 certificate, X509Certificate2Collection sent, X509Certificate2Collection? authorities)
    {
        using var chain = Chain(sent);
        if (authorities is not null)
        {
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        }
        return chain.Build(certificate) ? null : FaultOf(chain.ChainStatus);
    }

    /// <summary>RFC 9525 §6: the subject's alternative names alone count, a wildcard for one whole label.</summary>
    private static TlsFault? FaultOfName(X509Certificate2 certificate, IReadOnlyList<string> names)
        => names.Any(name => certificate.MatchesHostname(name.TrimStart('[').TrimEnd(']'), allowWildcards: true, allowCommonName: false))
            ? null
            : new TlsFault(TlsFailure.CertificateHostMismatch, $"The certificate is not for {string.Join(" or ", names)}");

    /// <summary>RFC 7672 §3: one record that matches is enough.</summary>
    private static TlsFault? FaultOfDane(X509Certificate2 certificate, X509Certificate2Collection sent, TlsPolicy.Dane policy)
    {
        // Usage 3: the record is all that counts, not names, dates or authorities (§3.1.1).
        if (policy.Records.Any(record => record.Usage == EndEntity && Matches(record, certificate))) return null;
        var fault = new TlsFault(TlsFailure.TlsaInvalid, $"The certificate matches no TLSA record of {policy.Names[0]}");
        // Usage 2: an authority that the server sends, or the record has whole, with a path to it, dates and names in order (§3.1.2, §3.2.2).
        foreach (var record in policy.Records.Where(record => record.Usage == TrustAnchor))
        {
            foreach (var anchor in sent.Take(MaxSent).Concat(Whole(record)).Where(anchor => Matches(record, anchor)))
            {
                var found = FaultOfAnchor(certificate, sent, anchor) ?? FaultOfName(certificate, policy.Names);
                if (found is null) return null;
                fault = found;
            }
        }
        return fault;
    }

    /// <summary>The path goes from the certificate up to the anchor, which need not be self-signed; what is above it does not matter.</summary>
    private static TlsFault? FaultOfAnchor(X509Certificate2 certificate, X509Certificate2Collection sent, X509Certificate2 anchor)
    {
        using var chain = Chain(sent);
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(anchor);
        chain.ChainPolicy.ExtraStore.Add(anchor);
        chain.Build(certificate);
        var elements = chain.ChainElements.ToList();
        var at = elements.FindIndex(element => element.Certificate.RawDataMemory.Span.SequenceEqual(anchor.RawDataMemory.Span));
        if (at < 1) return new TlsFault(TlsFailure.CertificateNotTrusted, "The certificate was not issued by the authority in the TLSA record");
        var faults = elements.Take(at + 1).SelectMany(element => element.ChainElementStatus).Where(status => status.Status is not (X509ChainStatusFlags.UntrustedRoot or X509ChainStatusFlags.PartialChain or X509ChainStatusFlags.NoError));
        return faults.ToArray() is { Length: > 0 } some ? FaultOf(some) : null;
    }

    private static X509Chain Chain(X509Certificate2Collection sent)
    {
        var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(ServerAuthentication);
        foreach (var certificate in sent.Take(MaxSent)) chain.ChainPolicy.ExtraStore.Add(certificate);
        return chain;
    }

    private static TlsFault FaultOf(X509ChainStatus[] faults)
    {
        var detail = string.Join("; ", faults.Select(fault => fault.StatusInformation.Trim()).Distinct());
        var all = faults.Aggregate(X509ChainStatusFlags.NoError, (sum, fault) => sum | fault.Status);
        if (all.HasFlag(X509ChainStatusFlags.NotTimeValid)) return new TlsFault(TlsFailure.CertificateExpired, detail);
        return new TlsFault((all & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) != X509ChainStatusFlags.NoError ? TlsFailure.CertificateNotTrusted : TlsFailure.ValidationFailure, detail);
    }

    /// <summary>RFC 6698 §2.1.</summary>
    private static bool Matches(TlsaRecord record, X509Certificate2 certificate)
    {
        var selected = record.Selector == 0 ? certificate.RawData : certificate.PublicKey.ExportSubjectPublicKeyInfo();
        return record.MatchingType switch
        {
            0 => record.Data.Span.SequenceEqual(selected),
            1 => record.Data.Span.SequenceEqual(SHA256.HashData(selected)),
            2 => record.Data.Span.SequenceEqual(SHA512.HashData(selected)),
            _ => false,
        };
    }

    /// <summary>The certificate that a record of selector 0 and matching type 0 is.</summary>
    private static IEnumerable<X509Certificate2> Whole(TlsaRecord record)
    {
        if (record is not { Selector: 0, MatchingType: 0 }) return [];
        try { return [X509CertificateLoader.LoadCertificate(record.Data.Span)]; }
        catch (CryptographicException) { return []; }
    }
}
