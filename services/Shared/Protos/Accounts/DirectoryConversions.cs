using System.Diagnostics;
using System.Net;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Merpati.Mailboxes;
using Merpati.Mailboxes.V1;
using Contract = Merpati.Accounts;
using ContractAddress = Merpati.Addresses.EmailAddress;

namespace Merpati.Accounts.V1;

/// <summary>The directory between the contract and the wire. What a peer sends that can be no value of the contract is an <see cref="WireFormatException"/>.</summary>
public static class DirectoryConversions
{
    public static EmailAddress ToWire(this ContractAddress address) => new() { LocalPart = address.LocalPart, Domain = address.Domain };

    public static ContractAddress ToContract(this EmailAddress? address) => address is { LocalPart.Length: > 0, Domain.Length: > 0 }
        ? new ContractAddress(address.LocalPart, address.Domain)
        : throw new WireFormatException("An address has a local part and a domain.");

    public static Account ToWire(this Contract.Account account)
    {
        var message = new Account { AccountId = account.Id.Value.ToWire(), Address = account.Address.ToWire(), Enabled = account.Enabled, Shared = account.Shared };
        if (account.DisplayName is { } name) message.DisplayName = name;
        if (account.QuotaOctets is { } octets) message.QuotaOctets = octets;
        if (account.QuotaMessages is { } messages) message.QuotaMessages = messages;
        return message;
    }

    public static Contract.Account ToContract(this Account account) => new()
    {
        Id = new AccountId(account.AccountId.ToGuid()),
        Address = account.Address.ToContract(),
        DisplayName = account.HasDisplayName ? account.DisplayName : null,
        Enabled = account.Enabled,
        QuotaOctets = account.HasQuotaOctets ? account.QuotaOctets : null,
        QuotaMessages = account.HasQuotaMessages ? account.QuotaMessages : null,
        Shared = account.Shared,
    };

    public static ResolveResponse ToWire(this Contract.Resolution resolution)
    {
        switch (resolution)
        {
            case Contract.Resolution.LocalAccount local:
                var account = new LocalAccount { Account = local.Account.ToWire() };
                if (local.Detail is { } detail) account.Detail = detail;
                return new ResolveResponse { LocalAccount = account };
            case Contract.Resolution.Alias alias: return new ResolveResponse { Alias = new AliasTargets { Targets = { alias.Targets.Select(ToWire) } } };
            case Contract.Resolution.UnknownUser: return new ResolveResponse { UnknownUser = new UnknownUser() };
            case Contract.Resolution.Disabled: return new ResolveResponse { Disabled = new DisabledAccount() };
            case Contract.Resolution.Remote: return new ResolveResponse { Remote = new RemoteAddress() };
            default: throw new UnreachableException();
        }
    }

    public static Contract.Resolution ToContract(this ResolveResponse response) => response.ResolutionCase switch
    {
        ResolveResponse.ResolutionOneofCase.LocalAccount when response.LocalAccount is { Account: not null } local
            => new Contract.Resolution.LocalAccount(local.Account.ToContract(), local.HasDetail ? local.Detail : null),
        ResolveResponse.ResolutionOneofCase.Alias when response.Alias.Targets.Count > 0 => new Contract.Resolution.Alias([.. response.Alias.Targets.Select(ToContract)]),
        ResolveResponse.ResolutionOneofCase.UnknownUser => new Contract.Resolution.UnknownUser(),
        ResolveResponse.ResolutionOneofCase.Disabled => new Contract.Resolution.Disabled(),
        ResolveResponse.ResolutionOneofCase.Remote => new Contract.Resolution.Remote(),
        // Never "unknown user" by mistake: that would bounce mail.
        _ => throw new WireFormatException("A resolution is not known."),
    };

    public static LoginOutcome ToWire(this Contract.LoginOutcome outcome) => outcome switch
    {
        Contract.LoginOutcome.Granted granted => new LoginOutcome { Granted = granted.Account.ToWire() },
        Contract.LoginOutcome.Denied => new LoginOutcome { Denied = new LoginDenied() },
        Contract.LoginOutcome.Throttled throttled => new LoginOutcome { Throttled = new LoginThrottled { RetryAfter = Duration.FromTimeSpan(throttled.RetryAfter) } },
        _ => throw new UnreachableException(),
    };

    public static Contract.LoginOutcome ToContract(this LoginOutcome? outcome) => outcome?.OutcomeCase switch
    {
        LoginOutcome.OutcomeOneofCase.Granted => new Contract.LoginOutcome.Granted(outcome.Granted.ToContract()),
        LoginOutcome.OutcomeOneofCase.Denied => new Contract.LoginOutcome.Denied(),
        LoginOutcome.OutcomeOneofCase.Throttled => new Contract.LoginOutcome.Throttled(outcome.Throttled.RetryAfter?.ToTimeSpan() ?? TimeSpan.Zero),
        _ => throw new WireFormatException("The outcome of a login is not known."),
    };

    public static ScramCredential ToWire(this Contract.ScramCredential credential) => new()
    {
        Salt = ByteString.CopyFrom(credential.Salt.Span),
        Iterations = credential.Iterations,
        StoredKey = ByteString.CopyFrom(credential.StoredKey.Span),
        ServerKey = ByteString.CopyFrom(credential.ServerKey.Span),
    };

    public static Contract.ScramCredential ToContract(this ScramCredential credential)
        => new(credential.Salt.Memory, credential.Iterations, credential.StoredKey.Memory, credential.ServerKey.Memory);

    public static LoginProtocol ToWire(this Contract.LoginProtocol protocol) => (LoginProtocol)(protocol + 1);

    public static Contract.LoginProtocol ToContract(this LoginProtocol protocol)
        => protocol is >= LoginProtocol.Submission and <= LoginProtocol.Admin ? (Contract.LoginProtocol)(protocol - 1) : throw new WireFormatException("A login protocol is not known.");

    public static ByteString ToWire(this IPAddress? client) => client is null ? ByteString.Empty : ByteString.CopyFrom(client.GetAddressBytes());

    public static IPAddress? ToAddress(this ByteString client) => client.Length switch
    {
        0 => null,
        4 or 16 => new IPAddress(client.Span),
        _ => throw new WireFormatException("An IP address has 4 or 16 octets."),
    };
}
