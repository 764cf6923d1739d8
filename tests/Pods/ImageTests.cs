using System.Globalization;
using System.Text.Json;

namespace Merpati.Tests.Pods;

public sealed class ImageTests
{
    private const long MostOctets = 250_000_000;

    private static readonly string[] Expected = ["cli", "delivery", "imap-gateway", "outbound-relay", "pop3-gateway", "smtp-ingress", "standalone", "user-directory"];

    [Fact]
    public async Task There_is_an_image_for_every_program_of_one_version()
    {
        var images = await Podman.LoadImagesAsync();
        Assert.Equal(Expected, images.Keys.Order());
        Assert.Single(images.Values.Select(image => image.Split(':')[^1]).Distinct());
    }

    [Fact]
    public async Task An_image_has_a_user_a_version_labels_and_is_small()
    {
        foreach (var (name, image) in await Podman.LoadImagesAsync())
        {
            using var facts = JsonDocument.Parse(await Podman.RunAsync("image", "inspect", image));
            var (inspected, labels) = (facts.RootElement[0], facts.RootElement[0].GetProperty("Labels"));
            Assert.Equal("10001", inspected.GetProperty("User").GetString());
            Assert.Equal("merpati/" + name, labels.GetProperty("org.opencontainers.image.title").GetString());
            Assert.Equal(image.Split(':')[^1], labels.GetProperty("org.opencontainers.image.version").GetString());
            Assert.NotEmpty(labels.GetProperty("org.opencontainers.image.created").GetString()!);
            Assert.InRange(inspected.GetProperty("Size").GetInt64(), 1, MostOctets);
        }
    }

    [Fact]
    public async Task An_image_has_no_shell_and_no_package_manager()
    {
        foreach (var image in (await Podman.LoadImagesAsync()).Values)
        {
            foreach (var program in new[] { "/bin/sh", "/bin/bash", "/usr/bin/apt-get", "/usr/bin/dpkg" })
            {
                var result = await Podman.TryAsync("run", "--rm", "--pull=never", "--network=none", "--entrypoint", program, image, "-c", "true");
                Assert.True(result.ExitCode == 127, $"{program} in {image}: {result}");
            }
        }
    }

    [Fact]
    public async Task An_image_names_what_it_is_made_of()
    {
        foreach (var (name, image) in await Podman.LoadImagesAsync())
        {
            var container = await Podman.RunAsync("create", "--pull=never", image);
            var folder = Directory.CreateTempSubdirectory("merpati-sbom-");
            try
            {
                var file = Path.Combine(folder.FullName, "sbom.json");
                await Podman.RunAsync("cp", container + ":/app/sbom.cdx.json", file);
                using var materials = JsonDocument.Parse(await File.ReadAllTextAsync(file));
                Assert.Equal("CycloneDX", materials.RootElement.GetProperty("bomFormat").GetString());
                Assert.Equal(image.Split(':')[^1], materials.RootElement.GetProperty("metadata").GetProperty("component").GetProperty("version").GetString());
                var components = materials.RootElement.GetProperty("components").EnumerateArray().Select(component => component.GetProperty("name").GetString()).ToList();
                Assert.Contains("Merpati.Contracts", components);
                Assert.Contains(name is "cli" or "standalone" ? "Spectre.Console" : "RabbitMQ.Client", components);
            }
            finally
            {
                folder.Delete(recursive: true);
                await Podman.TryAsync("rm", container);
            }
        }
    }

    [Fact]
    public async Task The_program_of_an_image_says_its_version()
    {
        foreach (var (name, image) in await Podman.LoadImagesAsync())
        {
            var result = await Podman.RunAsync("run", "--rm", "--pull=never", "--network=none", "--read-only", image, name switch { "cli" => "version", "standalone" => "--version", _ => "--help" });
            Assert.True(result.Contains(image.Split(':')[^1], StringComparison.Ordinal), string.Create(CultureInfo.InvariantCulture, $"{image}: {result}"));
        }
    }
}
