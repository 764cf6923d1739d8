namespace Merpati.TestKit.Smtp;

/// <summary>What a <see cref="ScriptedSmtpServer"/> does in place of its ordinary reply.</summary>
public sealed record ScriptedAnswer
{
    /// <summary>Sent as it is, with CRLF after it; null for nothing at all.</summary>
    public string? Text { get; init; }

    /// <summary>Closes the connection, after the text if there is one.</summary>
    public bool Closes { get; init; }

    /// <summary>Between octets of the text; null for all at once.</summary>
    public TimeSpan? Interval { get; init; }

    /// <summary>After 354 or a BDAT command: closes when so many octets of the message have come.</summary>
    public int? ClosesAfterOctets { get; init; }

    /// <summary>After 354: says this when so many octets of the message have come, and closes.</summary>
    public string? LastWords { get; init; }

    /// <summary>Goes on saying it until the client closes.</summary>
    public bool Endless { get; init; }

    public static ScriptedAnswer Say(string text) => new() { Text = text };

    /// <summary>Says nothing, and waits.</summary>
    public static ScriptedAnswer Silence { get; } = new();

    public static ScriptedAnswer Close { get; } = new() { Closes = true };

    public static ScriptedAnswer SayAndClose(string text) => new() { Text = text, Closes = true };

    /// <summary>An octet now and then.</summary>
    public static ScriptedAnswer Drip(string text, TimeSpan interval) => new() { Text = text, Interval = interval };

    /// <summary>The same octets again and again.</summary>
    public static ScriptedAnswer Repeat(string text) => new() { Text = text, Endless = true };

    /// <summary>Invites the message and closes in the middle of it.</summary>
    public static ScriptedAnswer InviteAndClose(int afterOctets, string? lastWords = null) => new() { Text = "354 go on", ClosesAfterOctets = afterOctets, LastWords = lastWords };

    public static implicit operator ScriptedAnswer?(string? text) => text is null ? null : Say(text);
}

/// <summary>What a client said, and where.</summary>
/// <param name="Connection">1 for the first connection of the server.</param>
/// <param name="Line">The command without CRLF; <see cref="ScriptedSmtpServer.Greeting"/> and <see cref="ScriptedSmtpServer.EndOfText"/> stand for what is no command.</param>
/// <param name="Recipient">At the end of a message by LMTP, whose reply is due; else null.</param>
/// <param name="Transaction">How many messages have begun on the connection.</param>
public sealed record ScriptedCommand(int Connection, string Line, string? Recipient, int Transaction)
{
    public bool Is(string verb) => Line.StartsWith(verb, StringComparison.OrdinalIgnoreCase);
}

/// <summary>A message as it came.</summary>
/// <param name="MailFrom">The line, parameters included.</param>
/// <param name="RcptTo">The lines of the recipients that were accepted.</param>
/// <param name="Octets">Without transparency, byte for byte; dots undone.</param>
/// <param name="Wire">DATA: the octets as they were on the wire, up to and with the final dot. BDAT: the same as <paramref name="Octets"/>.</param>
/// <param name="Tls">It came over TLS.</param>
public sealed record ScriptedMessage(int Connection, string MailFrom, IReadOnlyList<string> RcptTo, byte[] Octets, byte[] Wire, bool Tls);
