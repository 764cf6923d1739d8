using System.Text.Json.Serialization;

namespace Merpati.Administration;

/// <summary>A domain that is served.</summary>
public sealed record DomainView(string Name, string? CatchAll);

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record NewDomain(string Name, string? CatchAll = null);

/// <summary>Null refuses mail for unknown users.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record CatchAllChange(string? CatchAll);

/// <summary>An address or a domain that is sent no mail.</summary>
/// <param name="Source">person, bounce or complaint.</param>
/// <param name="Until">Null is for ever.</param>
public sealed record SuppressionView(string Pattern, string Source, string Reason, DateTimeOffset Since, DateTimeOffset? Until);

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record NewSuppression(string Pattern, string? Reason = null, DateTimeOffset? Until = null);

/// <summary>An account; never its credentials.</summary>
public sealed record AccountView(string Id, string Address, string? Name, bool Enabled, long? QuotaOctets, long? QuotaMessages, bool Shared = false);

/// <summary>What somebody may do with a mailbox (RFC 4314).</summary>
/// <param name="Grantee">An account's address, anyone, or anyone@domain; after '-' for rights that are taken away.</param>
/// <param name="Rights">Letters.</param>
public sealed record GrantView(string Mailbox, string Grantee, string Rights);

/// <summary>Rights to give in place of those that there are; none takes the entry away.</summary>
/// <param name="Mailbox">Null for all mailboxes that there are.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record GrantOrder(string Rights, string? Mailbox = null);

/// <summary>An account to be. A shared one is of no person, and nobody logs in to it. Without a password nobody can log in to it until one is set.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record NewAccount(string Address, string? Password = null, string? Name = null, long? QuotaOctets = null, long? QuotaMessages = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Shared = null)
{
    /// <summary>Without the password: records end up in logs.</summary>
    public override string ToString() => $"{nameof(NewAccount)} {Address}";
}

/// <summary>What is null stays as it is. A quota of 0 is no limit, an empty name is none.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AccountChange(string? Name = null, bool? Enabled = null, long? QuotaOctets = null, long? QuotaMessages = null);

/// <summary>Travels in request bodies only; never logged, never answered.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record NewPassword(string Password)
{
    public override string ToString() => nameof(NewPassword);
}

public sealed record AliasView(string Address, IReadOnlyList<string> Targets);

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AliasTargets(IReadOnlyList<string> Targets);

/// <summary>What a removal prints with <c>--json</c>.</summary>
public sealed record Removed(string Name);

/// <summary>What a change of password prints with <c>--json</c>: the password only when it was generated.</summary>
public sealed record PasswordSet(string Address, string? Generated);

public sealed record VersionView(string Version);
