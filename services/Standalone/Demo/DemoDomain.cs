using Merpati.Accounts;
using Merpati.Addresses;
using Merpati.Administration;
using Merpati.Mailboxes;
using Merpati.Storage;
using Merpati.UserDirectory.Accounts;
using Merpati.UserDirectory.Domains;

namespace Merpati.Standalone.Demo;

/// <summary>An account of the demo and, when it was made just now, its password: later only its verifier is known.</summary>
internal sealed record DemoAccount(string Address, string? Password);

/// <summary>A domain with two accounts, so that a newcomer has somebody to write to.</summary>
internal sealed class DemoDomain(IDirectoryStore directory, DomainAdministration domains, AccountAdministration accounts, TimeProvider time)
{
    private const string Name = "merpati.test";

    private static readonly (string LocalPart, string DisplayName)[] People = [("ann", "Ann"), ("bob", "Bob")];

    /// <summary>Makes the demo in an empty directory; says who belongs to it in one that has it already.</summary>
    public async ValueTask<IReadOnlyList<DemoAccount>> EnsureAsync(CancellationToken cancellationToken)
    {
        var existing = await directory.ListDomainsAsync(cancellationToken);
        if (existing.Count > 0)
        {
            return existing.Any(domain => domain.Name == Name)
                ? [.. (await directory.ListAccountsAsync(Name, after: null, limit: People.Length, cancellationToken)).Select(account => new DemoAccount(account.Address.ToString(), Password: null))]
                : [];
        }
        Check(await domains.AddAsync(Name, catchAll: null, cancellationToken));
        var made = new List<DemoAccount>();
        foreach (var (localPart, displayName) in People)
        {
            var address = new EmailAddress(localPart, Name);
            var password = PasswordGenerator.Generate();
            Check(await accounts.AddAsync(new Account { Id = AccountId.New(time), Address = address, DisplayName = displayName }, password, cancellationToken));
            made.Add(new DemoAccount(address.ToString(), password));
        }
        return made;
    }

    private static void Check(DirectoryOutcome outcome)
    {
        if (outcome is not (DirectoryOutcome.Done or DirectoryOutcome.AlreadyExists)) throw new InvalidOperationException($"The demo domain could not be made: {outcome}.");
    }
}
