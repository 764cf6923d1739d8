using System.Globalization;
using System.Net;
using System.Text;
using Merpati.Protocols.Smtp.Syntax;

namespace Merpati.Protocols.Smtp.Commands;

/// <summary>
/// XCLIENT (Postfix): a proxy says for whom it connects. The session begins anew as that client's: checks, limits and the Received field go by its address.
/// </summary>
internal static class XClient
{
    public const string Advertise = "XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT";

    private static readonly string[] Known = ["NAME", "REVERSE_NAME", "ADDR", "PORT", "PROTO", "HELO", "LOGIN", "DESTADDR", "DESTPORT"];
    private static readonly SmtpReply Syntax = new(501, "5.5.4", "Syntax: XCLIENT name=value ...");
    private static readonly SmtpReply UnknownLogin = new(550, "5.7.8", "No such login");

    public static bool IsOffered(SmtpConnection connection) => connection.Options.XClientNetworks.Count > 0;

    public static async ValueTask<SmtpReply?> RunAsync(SmtpConnection connection, ReadOnlyMemory<byte> argument, CancellationToken cancellationToken)
    {
        if (!connection.IsTrusted(connection.Options.XClientNetworks)) return SmtpReplies.NotTrusted;
        if (!ClientAttributes.TryParse(argument.Span, Known, out var said) || !TryApply(said, connection.Peer, out var peer)) return Syntax;
        if (said.GetValueOrDefault("LOGIN") is { } login)
        {
            if (await connection.Session.FindAccountAsync(login, cancellationToken).ConfigureAwait(false) is not { } account) return UnknownLogin;
            peer = peer with { Account = account };
        }
        return await connection.BecomeAsync(peer, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What was not said stays; what the proxy does not know is forgotten.</summary>
    private static bool TryApply(IReadOnlyDictionary<string, string?> said, SmtpPeer known, out SmtpPeer peer)
    {
        peer = known with { Account = null, Forwarded = null, Hello = "", Esmtp = false };
        if (said.TryGetValue("NAME", out var name)) peer = peer with { Name = name };
        if (!TryEndPoint(said.GetValueOrDefault("ADDR"), said.GetValueOrDefault("PORT"), known.RemoteEndPoint, out var remote)) return false;
        if (!TryEndPoint(said.GetValueOrDefault("DESTADDR"), said.GetValueOrDefault("DESTPORT"), known.LocalEndPoint, out var local)) return false;
        peer = peer with { RemoteEndPoint = remote, LocalEndPoint = local };
        if (said.GetValueOrDefault("HELO") is { } hello)
        {
            if (!SmtpHello.TryParse(Encoding.ASCII.GetBytes(hello), out var valid)) return false;
            peer = peer with { Hello = valid };
        }
        switch (said.GetValueOrDefault("PROTO")?.ToUpperInvariant())
        {
            case "ESMTP": peer = peer with { Esmtp = true }; return true;
            case "SMTP" or null: return true;
            default: return false;
        }
    }

    private static bool TryEndPoint(string? address, string? port, IPEndPoint known, out IPEndPoint endPoint)
    {
        endPoint = known;
        var ip = known.Address;
        if (address is not null)
        {
            var six = address.StartsWith("IPV6:", StringComparison.OrdinalIgnoreCase);
            if (!IPAddress.TryParse(six ? address.AsSpan(5) : address, out var parsed)) return false;
            ip = parsed.IsIPv4MappedToIPv6 ? parsed.MapToIPv4() : parsed;
        }
        // The port belongs to the address: with another address the old one says nothing.
        var number = address is null ? known.Port : 0;
        if (port is not null && (!int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out number) || number > IPEndPoint.MaxPort)) return false;
        endPoint = new IPEndPoint(ip, number);
        return true;
    }
}
