namespace Merpati.Protocols.Pop3;

/// <summary>What a command answers; only the connection writes it.</summary>
internal abstract record Pop3Reply
{
    private Pop3Reply() { }

    /// <summary>Close the connection after this reply.</summary>
    internal bool Closes { get; private init; }

    internal virtual bool IsOk => true;

    internal static Pop3Reply Ok(string text) => new Positive(text);

    /// <summary>"-ERR text" where no response code says more.</summary>
    internal static Pop3Reply Err(string text) => new Negative(Code: null, text);

    /// <summary>"-ERR [code] text" (RFC 2449 §8).</summary>
    internal static Pop3Reply Err(string code, string text) => new Negative(code, text);

    /// <summary>The command does not follow the grammar: counts against the client's patience limit.</summary>
    internal static Pop3Reply Syntax(string text) => new Negative(Code: null, text) { IsSyntaxError = true };

    internal Pop3Reply AndClose() => this with { Closes = true };

    internal sealed record Positive(string Text) : Pop3Reply;

    internal sealed record Negative(string? Code, string Text) : Pop3Reply
    {
        internal bool IsSyntaxError { get; init; }

        internal override bool IsOk => false;
    }

    /// <summary>A multi-line answer of short lines, made while it is sent.</summary>
    internal sealed record Listing(string Text, IEnumerable<string> Lines) : Pop3Reply;

    /// <summary>A multi-line answer out of a message; the connection disposes the stream.</summary>
    /// <param name="Octets">What the stream must hold: ending early is a fault. Null when it is not known.</param>
    internal sealed record Message(string Text, Stream Content, long? Octets) : Pop3Reply;

    /// <summary>"+ base64" (RFC 5034 §4).</summary>
    internal sealed record Challenge(ReadOnlyMemory<byte> Data) : Pop3Reply;

    /// <summary>+OK, and then the TLS handshake.</summary>
    internal sealed record StartTls(string Text) : Pop3Reply;
}

/// <summary>Response codes (RFC 2449 §8.1, RFC 3206 §4).</summary>
internal static class ResponseCode
{
    internal const string InUse = "IN-USE";

    /// <summary>The last login is less than LOGIN-DELAY ago.</summary>
    internal const string LoginDelay = "LOGIN-DELAY";

    internal const string Auth = "AUTH";

    /// <summary>Our trouble, which may pass.</summary>
    internal const string Temporary = "SYS/TEMP";

    /// <summary>Our trouble, and trying again will not help.</summary>
    internal const string Permanent = "SYS/PERM";
}
