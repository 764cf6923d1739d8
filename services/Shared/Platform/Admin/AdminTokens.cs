using Merpati.Platform.Hosting;

namespace Merpati.Platform.Admin;

/// <summary>Everybody who may use the admin API.</summary>
public sealed class AdminTokens(IReadOnlyList<AdminToken> tokens)
{
    /// <summary>The tokens that the options name, behind <paramref name="first"/>.</summary>
    /// <exception cref="ConfigurationException">A token cannot be used, or two are alike.</exception>
    public static AdminTokens Load(AdminOptions options, params IReadOnlyList<AdminToken> first)
    {
        var tokens = new List<AdminToken>(first);
        if (options.TokenFile is { } file) tokens.Add(AdminToken.FromFile(file));
        for (var i = 0; i < options.Tokens.Count; i++)
        {
            var named = options.Tokens[i];
            if (named.Name.Length is 0 or > 64 || named.Name.Any(char.IsControl)) throw new ConfigurationException($"The configuration key 'admin:tokens:{i}:name' is wrong: write whose token it is, in 1 to 64 characters.");
            tokens.Add(AdminToken.FromFile(named.TokenFile, $"admin:tokens:{i}:tokenFile", named.Name, named.Role));
        }
        if (tokens.DistinctBy(token => token.Value).Count() < tokens.Count) throw new ConfigurationException("The configuration section 'admin' is wrong: two tokens are the same; whoever comes with it could be either.");
        return new AdminTokens(tokens);
    }

    public bool Any => tokens.Count > 0;

    /// <summary>Whose token an Authorization header holds (RFC 6750 §2.1). All are compared, in the same time each.</summary>
    public AdminToken? Find(string? authorization)
    {
        AdminToken? found = null;
        foreach (var token in tokens)
        {
            if (token.Opens(authorization)) found = token;
        }
        return found;
    }
}
