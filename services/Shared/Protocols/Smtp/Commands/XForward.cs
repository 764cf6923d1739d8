using Merpati.Protocols.Smtp.Syntax;

namespace Merpati.Protocols.Smtp.Commands;

/// <summary>
/// XFORWARD (Postfix): a peer says whose message it passes on, a content filter for example. For logs and the timeline of the next message only:
/// no decision goes by it. The attributes of several commands add up.
/// </summary>
internal static class XForward
{
    public const string Advertise = "XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE";

    private static readonly string[] Known = ["NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE"];
    private static readonly ForwardedClient Nobody = new(null, null, null, null, null, null, null);
    private static readonly SmtpReply Syntax = new(501, "5.5.4", "Syntax: XFORWARD name=value ...");

    public static bool IsOffered(SmtpConnection connection) => connection.Options.XForwardNetworks.Count > 0;

    public static ValueTask<SmtpReply?> RunAsync(SmtpConnection connection, ReadOnlyMemory<byte> argument, CancellationToken cancellationToken)
        => ValueTask.FromResult<SmtpReply?>(Run(connection, argument.Span));

    private static SmtpReply Run(SmtpConnection connection, ReadOnlySpan<byte> argument)
    {
        if (!connection.IsTrusted(connection.Options.XForwardNetworks)) return SmtpReplies.NotTrusted;
        if (!ClientAttributes.TryParse(argument, Known, out var said)) return Syntax;
        var client = connection.Peer.Forwarded ?? Nobody;
        foreach (var (name, value) in said)
        {
            client = name switch
            {
                "NAME" => client with { Name = value },
                "ADDR" => client with { Address = value },
                "PORT" => client with { Port = value },
                "PROTO" => client with { Protocol = value },
                "HELO" => client with { Hello = value },
                "IDENT" => client with { Identifier = value },
                _ => client with { Source = value },
            };
        }
        connection.Peer = connection.Peer with { Forwarded = client };
        return SmtpReplies.Ok;
    }
}
