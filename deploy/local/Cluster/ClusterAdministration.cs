using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Serialization.Metadata;
using Merpati.Administration;

namespace Merpati.Local.Cluster;

/// <summary>Administers a cluster over its admin API.</summary>
public sealed class ClusterAdministration : IDisposable
{
    private readonly HttpClient _http;

    public ClusterAdministration(LocalCluster cluster)
    {
        _http = new HttpClient { BaseAddress = cluster.Admin };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", File.ReadAllText(cluster.AdminTokenFile).Trim());
    }

    /// <summary>False when it is there already.</summary>
    public Task<bool> AddDomainAsync(string name) => PostAsync("domains", new NewDomain(name), AdministrationJson.Default.NewDomain);

    /// <inheritdoc cref="AddDomainAsync"/>
    public Task<bool> AddAccountAsync(string address, string password) => AddAccountAsync(new NewAccount(address, password));

    /// <inheritdoc cref="AddDomainAsync"/>
    public Task<bool> AddAccountAsync(NewAccount account) => PostAsync("accounts", account, AdministrationJson.Default.NewAccount);

    public async Task ChangeAccountAsync(string address, AccountChange change)
    {
        using var answer = await _http.PatchAsync(AccountUri(address), JsonContent.Create(change, AdministrationJson.Default.AccountChange));
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Null where there is no such account.</summary>
    public async Task<AccountView?> FindAccountAsync(string address)
    {
        using var answer = await _http.GetAsync(AccountUri(address));
        if (answer.StatusCode == HttpStatusCode.NotFound) return null;
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadFromJsonAsync(AdministrationJson.Default.AccountView);
    }

    /// <summary>With all its mail.</summary>
    public async Task RemoveAccountAsync(string address)
    {
        using var answer = await _http.DeleteAsync(AccountUri(address));
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>The ledger and what waits.</summary>
    public async Task<QueueStatus> QueueStatusAsync()
        => await _http.GetFromJsonAsync("admin/v1/queue/status", AdministrationJson.Default.QueueStatus) ?? throw new InvalidOperationException("No status.");

    public void Dispose() => _http.Dispose();

    private static Uri AccountUri(string address) => new("admin/v1/accounts/" + Uri.EscapeDataString(address), UriKind.Relative);

    private async Task<bool> PostAsync<T>(string path, T body, JsonTypeInfo<T> type)
    {
        using var answer = await _http.PostAsync(new Uri("admin/v1/" + path, UriKind.Relative), JsonContent.Create(body, type));
        if (answer.StatusCode == HttpStatusCode.Conflict) return false;
        return answer.IsSuccessStatusCode ? true : throw new InvalidOperationException($"{path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }
}
