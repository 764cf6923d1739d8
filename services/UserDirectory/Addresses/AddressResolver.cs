using Merpati.Addresses;

namespace Merpati.UserDirectory.Addresses;

/// <summary>Answers from memory what was asked lately: a RCPT costs microseconds.</summary>
internal sealed class AddressResolver(StoredAddressBook book, AddressMatcher matcher, DirectoryCache cache)
{
    public ValueTask<AddressMatch> MatchAsync(EmailAddress address, CancellationToken cancellationToken)
        => cache.Matches.GetAsync(address, (key, ct) => matcher.MatchAsync(book, key, ct), cancellationToken);

    public async ValueTask<bool> IsLocalDomainAsync(string domain, CancellationToken cancellationToken)
        => await book.FindDomainAsync(DomainName.Normalize(domain), cancellationToken) is not null;
}
