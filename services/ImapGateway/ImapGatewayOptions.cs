using Merpati.Protocols.Imap;
using Microsoft.Extensions.Options;

namespace Merpati.ImapGateway;

/// <summary>Settings of the IMAP gateway, section <c>ImapGateway</c>.</summary>
public sealed class ImapGatewayOptions
{
    public const string Section = "ImapGateway";

    /// <summary>Lets clients log in without TLS. For tests on loopback; passwords are readable on the wire.</summary>
    public bool AllowPlaintextAuth { get; set; }

    /// <summary>Largest message that APPEND takes, octets; no larger than <c>Mailboxes:MaxMessageSize</c>.</summary>
    public long AppendLimit { get; set; } = 50 * 1024 * 1024;

    /// <summary>Time from the greeting to a login.</summary>
    public TimeSpan LoginTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Autologout; RFC 3501 §5.4 asks for 30 minutes or more.</summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>A client that takes or sends nothing for so long, while it should, is cut off.</summary>
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>A session in IDLE looks at its mailbox this often even if no change was announced.</summary>
    public TimeSpan IdlePoll { get; set; } = TimeSpan.FromMinutes(1);

    internal ImapOptions ToEngine() => new()
    {
        AllowPlaintextAuth = AllowPlaintextAuth,
        AppendLimit = AppendLimit,
        MaxDiscard = 4 * AppendLimit,
        LoginTimeout = LoginTimeout,
        IdleTimeout = IdleTimeout,
        StallTimeout = StallTimeout,
        IdlePoll = IdlePoll,
    };
}

/// <summary>Names the key and says what to write, which the generated validator does not.</summary>
internal sealed class ImapGatewayOptionsValidator : IValidateOptions<ImapGatewayOptions>
{
    public ValidateOptionsResult Validate(string? name, ImapGatewayOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        if (options.AppendLimit is < 64 * 1024 or > 2L * 1024 * 1024 * 1024) Fail(result, nameof(options.AppendLimit), "a number of octets from 65536 to 2147483648");
        Between(result, nameof(options.LoginTimeout), options.LoginTimeout, TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(10));
        // RFC 3501 §5.4 allows no autologout under 30 minutes.
        Between(result, nameof(options.IdleTimeout), options.IdleTimeout, TimeSpan.FromMinutes(30), TimeSpan.FromDays(1));
        Between(result, nameof(options.StallTimeout), options.StallTimeout, TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(30));
        Between(result, nameof(options.IdlePoll), options.IdlePoll, TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(30));
        return result.Build();
    }

    private static void Between(ValidateOptionsResultBuilder result, string key, TimeSpan value, TimeSpan least, TimeSpan most)
    {
        if (value < least || value > most) Fail(result, key, $"a time from {least:c} to {most:c}");
    }

    private static void Fail(ValidateOptionsResultBuilder result, string key, string wanted)
        => result.AddError($"{ImapGatewayOptions.Section}:{key} must be {wanted}.");
}
