using System.Text.Json;
using Merpati.Administration;

namespace Merpati.Platform.Admin;

/// <summary>
/// <c>admin.json</c> in the data folder: where the admin API listens and the token that opens it, for the owner of the folder alone (mode 0600).
/// Written when the listener is up, taken away when it stops, so that its presence means a server.
/// </summary>
public sealed class AdminEndpointFile(string dataFolder)
{
    private readonly string _path = Path.Combine(dataFolder, AdminEndpoint.FileName);

    /// <summary>Replaces the file as a whole: a reader sees the old one or the new one.</summary>
    public async ValueTask WriteAsync(Uri address, AdminToken token, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(dataFolder);
        var temporary = $"{_path}.{Guid.NewGuid():N}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, Options = FileOptions.Asynchronous };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            await using (var file = new FileStream(temporary, options))
            {
                await JsonSerializer.SerializeAsync(file, new AdminEndpoint(address, token.Value), AdministrationJson.Default.AdminEndpoint, cancellationToken);
            }
            File.Move(temporary, _path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    public void Remove() => File.Delete(_path);
}
