using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Merpati.Addresses;

namespace Merpati.Mail.Auth;

/// <summary>What an address that came back is to the Sender Rewriting Scheme.</summary>
public abstract record SrsReversal
{
    private SrsReversal() { }

    /// <summary>An ordinary address.</summary>
    public sealed record NotSrs : SrsReversal;

    /// <summary>We wrote it, not long ago: the message goes to <paramref name="Sender"/>.</summary>
    public sealed record Known(EmailAddress Sender) : SrsReversal;

    /// <summary>It has the form, but we did not write it: 550 5.1.1.</summary>
    public sealed record Forged : SrsReversal;

    /// <summary>We wrote it too long ago for a bounce: 550 5.1.1.</summary>
    public sealed record Expired : SrsReversal;
}

/// <summary>
/// The Sender Rewriting Scheme: the reverse-path of forwarded mail becomes an address of ours, so that SPF passes and a bounce finds its way back
/// (<c>SRS0=hash=day=domain=local@forwarder</c>, and <c>SRS1=hash=first==rest@forwarder</c> for what was rewritten elsewhere before).
/// The hash is an HMAC-SHA256 of which 40 bits are kept; without the secret nobody makes such an address, so we relay for nobody. It does not depend on case, which others change.
/// </summary>
/// <param name="secret">The installation's; a key of its own is derived from it.</param>
public sealed class SrsRewriter(ReadOnlyMemory<byte> secret, TimeProvider time)
{
    /// <summary>A bounce comes within the days that servers keep trying, and some more.</summary>
    public const int MaxAgeDays = 21;

    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz234567";
    private const int HashLength = 8;
    private const int Days = 32 * 32;
    // RFC 5321 §4.5.3.1.1.
    private const int MaxLocalPart = 64;

    private readonly byte[] _key = HMACSHA256.HashData(secret.Span, "sender rewriting"u8);

    /// <summary>The address to forward with. Null when it would be longer than a local part may be: then forward with the address that forwards, whose owner learns of the bounce.</summary>
    /// <param name="sender">The reverse-path as it came; one of <paramref name="forwarder"/> itself is left as it is.</param>
    /// <param name="forwarder">The domain of ours that forwards; must accept mail to such addresses.</param>
    public EmailAddress? Forward(EmailAddress sender, string forwarder)
    {
        if (sender.Domain == DomainName.Normalize(forwarder)) return sender;
        var domain = DomainName.ToAscii(sender.Domain);
        if (domain is null) return null;
        string local;
        if (HasTag(sender.LocalPart, "SRS0"))
        {
            // The first forwarder's own text, its separator with it.
            var rest = sender.LocalPart[4..];
            local = $"SRS1={Hash(domain + rest)}={domain}={rest}";
        }
        else if (HasTag(sender.LocalPart, "SRS1") && TrySplitSrs1(sender.LocalPart, out var first, out var rest))
        {
            local = $"SRS1={Hash(first + rest)}={first}={rest}";
        }
        else
        {
            var stamp = Stamp(Today());
            local = $"SRS0={Hash($"{stamp}={domain}={sender.LocalPart}")}={stamp}={domain}={sender.LocalPart}";
        }
        return Encoding.UTF8.GetByteCount(local) <= MaxLocalPart ? new EmailAddress(local, forwarder) : null;
    }

    /// <summary>Where a message to one of our domains goes, if <see cref="Forward"/> made its address.</summary>
    public SrsReversal Reverse(EmailAddress address)
    {
        if (HasTag(address.LocalPart, "SRS0")) return ReverseSrs0(address.LocalPart);
        if (!HasTag(address.LocalPart, "SRS1")) return new SrsReversal.NotSrs();
        if (!TrySplitSrs1(address.LocalPart, out var first, out var rest) || !IsOurs(address.LocalPart.Split('=', 3)[1], first + rest)) return new SrsReversal.Forged();
        return TryAddress("SRS0" + rest, first, out var back) ? new SrsReversal.Known(back) : new SrsReversal.Forged();
    }

    private SrsReversal ReverseSrs0(string local)
    {
        var parts = local.Split('=', 5);
        if (parts.Length != 5 || !IsOurs(parts[1], $"{parts[2]}={parts[3]}={parts[4]}")) return new SrsReversal.Forged();
        if (!TryAddress(parts[4], parts[3], out var sender) || !TryDay(parts[2], out var day)) return new SrsReversal.Forged();
        var age = (Today() - day + Days) % Days;
        // A day in the future: another of our machines has a clock that is ahead.
        return age is <= MaxAgeDays or >= Days - 2 ? new SrsReversal.Known(sender) : new SrsReversal.Expired();
    }

    private static bool TrySplitSrs1(string local, out string first, out string rest)
    {
        (first, rest) = ("", "");
        var parts = local.Split('=', 4);
        if (parts.Length != 4 || parts[2].Length == 0 || parts[3].Length == 0 || parts[3][0] is not ('=' or '+' or '-')) return false;
        (first, rest) = (parts[2], parts[3]);
        return true;
    }

    private static bool TryAddress(string local, string domain, [NotNullWhen(true)] out EmailAddress? address)
    {
        address = null;
        return local.Length > 0 && domain.Length > 0 && EmailAddress.TryParse(new EmailAddress(local, domain).ToString(), out address);
    }

    /// <summary>The tag and one of the separators that forwarders use.</summary>
    private static bool HasTag(string local, string tag) => local.Length > 5 && local.StartsWith(tag, StringComparison.OrdinalIgnoreCase) && local[4] is '=' or '+' or '-';

    private int Today() => (int)(time.GetUtcNow().ToUnixTimeSeconds() / 86_400 % Days);

    private static string Stamp(int day) => $"{Alphabet[day / 32]}{Alphabet[day % 32]}";

    private static bool TryDay(string stamp, out int day)
    {
        day = 0;
        if (stamp.Length != 2) return false;
        var (high, low) = (Alphabet.IndexOf(char.ToLowerInvariant(stamp[0]), StringComparison.Ordinal), Alphabet.IndexOf(char.ToLowerInvariant(stamp[1]), StringComparison.Ordinal));
        day = 32 * high + low;
        return high >= 0 && low >= 0;
    }

    private bool IsOurs(string hash, string text)
        => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(Hash(text)), Encoding.UTF8.GetBytes(hash.ToLowerInvariant()));

    private string Hash(string text)
    {
        var mac = HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(text.ToLowerInvariant()));
        var bits = (ulong)mac[0] << 32 | (ulong)mac[1] << 24 | (ulong)mac[2] << 16 | (ulong)mac[3] << 8 | mac[4];
        return string.Create(HashLength, bits, static (span, value) =>
        {
            for (var i = 0; i < span.Length; i++) span[i] = Alphabet[(int)(value >> (5 * (HashLength - 1 - i)) & 31)];
        });
    }
}
